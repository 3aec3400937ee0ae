import { randomUUID } from 'node:crypto'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { retryLater, traceConnection } from '@tracebaton/amqp'
import { assertSpan, assertSpans, createRecorder } from '@tracebaton/testing'
import { connect } from 'amqplib'
import { beforeAll, inject, test } from 'vitest'
import { only, operations } from '../src/contract/expectations.ts'
import { OrderError } from '../src/contract/order-error.ts'

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

test('a message that waits in a queue until it expires, and is dead-lettered back, is in its next attempt', async () => {
  const recorder = createRecorder()
  const options = { tracerProvider: new BasicTracerProvider({ spanProcessors: [recorder] }) }
  const connection = traceConnection(await connect(inject('brokers').rabbitmq), options)
  const channel = await connection.createConfirmChannel()
  const [orders, wait] = [`orders-${randomUUID()}`, `wait-${randomUUID()}`]
  await channel.assertQueue(orders)
  await channel.assertQueue(wait, { deadLetterExchange: '', deadLetterRoutingKey: orders })
  channel.sendToQueue(orders, Buffer.from('order'), { messageId: randomUUID() })
  let calls = 0
  await channel.consume(orders, async (message) => {
    if (message === null) return
    calls += 1
    if (calls < 3) await retryLater(channel, message, { to: wait, delay: 300, error: new OrderError('no stock') })
    channel.ack(message)
  })
  const attempts = await recorder.until(
    (spans) => {
      const found = operations(spans, 'process', orders)
      return found.length === 3 && found
    },
    { timeout: 30_000, describe: 'three attempts' },
  )
  await connection.close()

  const send = only(operations(recorder.spans, 'send', orders))
  const moved = { parent: send, deliveryKind: 'delayed' } as const
  assertSpans(attempts, [
    { parent: send, attempt: 1, deliveryKind: 'first', links: { previous_attempt: [], creation: [send] } },
    { ...moved, attempt: 2, links: { previous_attempt: [attempts[0]!], creation: [send] } },
    { ...moved, attempt: 3, links: { previous_attempt: [attempts[1]!], creation: [send] } },
  ])
  assertSpan(attempts[2], { startTime: (time) => time - attempts[0]!.startTime >= 600 })
})

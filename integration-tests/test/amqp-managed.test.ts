import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { traceChannel } from '@tracebaton/amqp'
import { assertSpan, createRecorder } from '@tracebaton/testing'
import type { Channel } from 'amqplib'
import { beforeAll, inject, test } from 'vitest'
import { only, operations } from '../src/contract/expectations.ts'

interface Managed extends Pick<Channel, 'ack' | 'ackAll' | 'assertQueue' | 'consume' | 'get' | 'nack' | 'nackAll'> {
  publish(exchange: string, routingKey: string, content: unknown, options?: object): Promise<boolean>
  sendToQueue(queue: string, content: unknown, options?: object): Promise<boolean>
  cancelAll(): Promise<void>
  deleteQueue(queue: string): Promise<unknown>
  close(): Promise<void>
}

interface Manager {
  createChannel(options: { readonly setup: (channel: Channel) => Promise<unknown> }): Managed
  close(): Promise<void>
}

// Its own types do not compile under the compiler options of this workspace.
const { connect } = createRequire(import.meta.url)('amqp-connection-manager') as {
  readonly connect: (addresses: readonly string[]) => Manager
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

test('a managed channel publishes in the context of the request, before it is connected, and settles', async () => {
  const recorder = createRecorder()
  const provider = new BasicTracerProvider({ spanProcessors: [recorder] })
  const options = { tracerProvider: provider }
  const queue = `orders-${randomUUID()}`
  const manager = connect([inject('brokers').rabbitmq])
  const channel = traceChannel(manager.createChannel({ setup: (own) => own.assertQueue(queue) }), options)
  await channel.consume(queue, (message) => {
    if (message !== null) setImmediate(() => channel.ack(message))
  })
  const request = provider.getTracer('test').startSpan('POST /orders')
  const sent = context.with(trace.setSpan(context.active(), request), () =>
    channel.sendToQueue(queue, 'order', { messageId: randomUUID() }),
  )
  request.end()
  await sent
  const [attempt] = await recorder.until(
    (spans) => {
      const found = operations(spans, 'process', queue)
      return found.length === 1 && found
    },
    { timeout: 30_000, describe: 'an attempt' },
  )
  // A consumer whose queue is gone would consume again.
  await channel.cancelAll()
  await channel.deleteQueue(queue)
  await channel.close()
  await manager.close()

  const send = only(operations(recorder.spans, 'send', queue))
  assertSpan(send, { parent: only(recorder.spans.filter(({ name }) => name === 'POST /orders')) })
  assertSpan(attempt, { parent: send, attempt: 1, outcome: 'acked' })
})

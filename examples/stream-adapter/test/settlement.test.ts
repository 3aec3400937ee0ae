import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { assertSpans, createRecorder, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import { beforeAll, test } from 'vitest'
import {
  createStreams,
  deadLetter,
  traceHandler,
  traceStreams,
  type StreamClient,
  type StreamMessage,
} from '../src/index.ts'

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

/** A traced client, with one message on the stream `orders`. */
async function withOrder(): Promise<{ readonly recorder: Recorder; readonly client: StreamClient }> {
  const recorder = createRecorder()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [recorder] })
  const client = traceStreams(createStreams(), { tracerProvider })
  client.addStream('orders')
  await client.publish('orders', { body: 'order' })
  return { recorder, client }
}

/** Waits for the attempts on the message. */
function attemptsOf(recorder: Recorder, count: number) {
  return recorder.until((spans) => {
    const attempts = spans.filter(({ kind }) => kind === 'consumer')
    return attempts.length === count && attempts
  })
}

function numberOf({ attributes }: RecordedSpan): number {
  return Number(attributes['tracebaton.delivery.attempt'])
}

test('a message that is not settled in time is delivered again, and its first attempt is abandoned', async () => {
  const { recorder, client } = await withOrder()
  const consumer = client.consumer('orders', 'billing', 1)
  consumer.consume((message) => {
    if (message.info.deliveries === 2) message.ack()
  }, 2)
  await recorder.until((spans) => spans.some(({ kind }) => kind === 'consumer'))
  await consumer.close()
  const attempts = await attemptsOf(recorder, 2)
  // Both may begin in one millisecond, and the first may end after the second.
  assertSpans(
    attempts.toSorted((one, other) => numberOf(one) - numberOf(other)),
    [
      { attempt: 1, outcome: 'abandoned', status: 'unset' },
      { attempt: 2, outcome: 'acked', deliveryKind: 'redelivery' },
    ],
  )
})

test('a message that is settled before it is handled ends its span with its handler', async () => {
  const { recorder, client } = await withOrder()
  const consumer = client.consumer('orders', 'billing')
  const fetched = await new Promise<readonly StreamMessage[]>((resolve) => {
    consumer.consumeBatch(resolve)
  })
  for (const message of fetched) {
    message.term()
    traceHandler(() => {})(message)
  }
  await consumer.close()
  assertSpans(
    recorder.spans.filter(({ attributes }) => attributes['tracebaton.delivery.attempt'] !== undefined),
    [{ attempt: 1, outcome: 'rejected' }],
  )
})

test('a copy of a message is known inside the handler of that message', async () => {
  const { recorder, client } = await withOrder()
  client.addStream('dead')
  const consumer = client.consumer('orders', 'billing')
  consumer.consume(async (message) => {
    await deadLetter(client, { ...message, info: { ...message.info } }, { to: 'dead' })
    message.ack()
  })
  assertSpans(await attemptsOf(recorder, 1), [{ attempt: 1, outcome: 'dead_lettered' }])
  await consumer.close()
})

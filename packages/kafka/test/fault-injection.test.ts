import { context, trace } from '@opentelemetry/api'
import type { TracingOptions } from '@tracebaton/core'
import type { EachMessagePayload, KafkaMessage, RecordMetadata } from 'kafkajs'
import { TRACEPARENT } from '../../core/test/messages.ts'
import { sweepSeams, type Sequence } from '../../core/test/sweep.ts'
import { deadLetter, forEachMessage, retryLater, traceConsumer, traceProducer } from '../src/index.ts'
import { createConsumer, createProducer, received, type Sent } from './fake-kafka.ts'

const ERROR = Object.freeze(new Error('of the host'))
const OWN = Object.freeze({ tenant: '7' })
const OTHER = TRACEPARENT.replaceAll('7', '8')

const producerOf = (options: TracingOptions | undefined, answer?: () => Promise<RecordMetadata[]>) => {
  const { producer, sent, transacted } = createProducer(answer)
  return { producer: options === undefined ? producer : traceProducer(producer, options), sent, transacted }
}

const consumerOf = (options: TracingOptions | undefined) => {
  const fake = createConsumer()
  return { ...fake, consumer: options === undefined ? fake.consumer : traceConsumer(fake.consumer, options) }
}

/** What arrived at the broker, without what is ours. */
const without = (sent: readonly Sent[]): unknown =>
  sent.map(({ call, messages }) => [
    call,
    messages.map(({ value, headers }) => [String(value), (headers as { tenant?: unknown } | undefined)?.tenant]),
  ])

/** How a call ended, told in words. */
const ended = (call: () => unknown): Promise<unknown> =>
  (async () => [await call()])().catch((error: unknown) => [error === ERROR ? 'ours' : String(error)])

/** Whether the active context is that of another message. */
function isForeign(other: string): boolean {
  try {
    return other.includes(trace.getSpanContext(context.active())?.traceId ?? 'none')
  } catch {
    // The context manager is what is broken.
    return false
  }
}

function handle(message: KafkaMessage): string {
  if (message.headers?.['fails'] !== undefined) throw ERROR
  return String(message.value)
}

/** Answers that no broker gives, but a wrapper of another library may. */
const answers: readonly (() => Promise<RecordMetadata[]>)[] = [
  async () => undefined as never,
  async () => null as never,
  async () => [null, 7, {}] as never,
  async () => 'sent' as never,
  () => undefined as never,
  () => Promise.reject(ERROR),
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- on purpose
  () => Promise.reject(undefined),
  () => {
    throw ERROR
  },
]

const sequences: Readonly<Record<string, Sequence>> = {
  async sends(options) {
    const { producer, sent, transacted } = producerOf(options)
    const messages = Object.freeze([Object.freeze({ value: 'a', headers: OWN }), Object.freeze({ value: 'b' })])
    const many = Array.from({ length: 12 }, (_, index) => ({ value: String(index) }))
    const results = [
      await producer.send(Object.freeze({ topic: 'orders', messages: messages as never })),
      await producer.send({ topic: 'orders', messages: [{ value: 'c', headers: { traceparent: TRACEPARENT } }] }),
      await producer.send({ topic: 'orders', messages: many }),
      await producer.sendBatch({ topicMessages: [{ topic: 'orders', messages: [{ value: 'd', headers: OWN }] }] }),
    ]
    const transaction = await producer.transaction()
    results.push(await transaction.send({ topic: 'orders', messages: [{ value: 'e' }] }))
    await transaction.commit()
    return [results, without(sent), without(transacted)]
  },
  async 'sends whose answers are odd'(options) {
    const seen: unknown[] = []
    for (const answer of answers) {
      const { producer, sent } = producerOf(options, answer)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      seen.push(await ended(() => producer.send({ topic: 'orders', messages: [{ value: 'a' }, { value: 'b' }] })))
      // oxlint-disable-next-line no-await-in-loop
      seen.push(await ended(() => producer.sendBatch({ topicMessages: [{ topic: 'a', messages: [{ value: 'c' }] }] })))
      seen.push(without(sent))
    }
    return seen
  },
  async 'sends of what is no message'(options) {
    const { producer } = producerOf(options)
    const inputs = [undefined, null, {}, { topic: 'orders' }, { topic: 'orders', messages: null }]
    return Promise.all(
      inputs.flatMap((input) => [
        ended(() => producer.send(input as never)),
        ended(() => producer.sendBatch(input as never)),
      ]),
    )
  },
  async 'messages one by one'(options) {
    const { consumer, deliver } = consumerOf(options)
    const seen: unknown[] = []
    await consumer.run({
      eachMessage: async ({ message }) => {
        seen.push([String(message.value), message.headers?.['tenant']])
        await Promise.resolve()
        if (message.headers?.['fails'] !== undefined) throw ERROR
      },
    })
    seen.push(await ended(() => deliver(received({ tenant: '7', traceparent: TRACEPARENT }))))
    seen.push(await ended(() => deliver(received({ fails: '1' }))))
    seen.push(await ended(() => deliver({ ...received(), headers: undefined } as never)))
    return seen
  },
  async 'messages at once, each in its own context'(options) {
    const { consumer, deliver } = consumerOf(options)
    const foreign: unknown[] = []
    await consumer.run({
      eachMessage: async ({ message }) => {
        const other = String(message.headers?.['traceparent']) === OTHER ? TRACEPARENT : OTHER
        foreign.push(isForeign(other))
        await new Promise((resolve) => setImmediate(resolve))
        foreign.push(isForeign(other))
      },
    })
    await Promise.all([deliver(received({ traceparent: TRACEPARENT })), deliver(received({ traceparent: OTHER }))])
    return foreign
  },
  async 'messages in batches'(options) {
    const { consumer, deliverBatch } = consumerOf(options)
    const seen: unknown[] = []
    await consumer.run({
      eachBatch: async (payload) => {
        const { messages } = payload.batch
        seen.push(
          await ended(() =>
            options === undefined
              ? messages.map((message) => handle(message))
              : forEachMessage(payload, (message) => handle(message)),
          ),
        )
      },
    })
    await deliverBatch([received({ traceparent: TRACEPARENT }), received()])
    await deliverBatch([received({ fails: '1' }), received()])
    await deliverBatch([])
    return seen
  },
  async 'messages that are moved'(options) {
    const { consumer, deliver } = consumerOf(options)
    const { producer, sent } = producerOf(options)
    const move = async (payload: EachMessagePayload): Promise<void> => {
      const { value, headers } = payload.message
      if (options === undefined) {
        for (const topic of ['orders', 'orders-dead']) {
          // oxlint-disable-next-line no-await-in-loop
          await producer.send({ topic, messages: [{ value, headers: headers ?? {} }] })
        }
        return
      }
      await retryLater(producer, payload, { to: 'orders', error: ERROR })
      await deadLetter(producer, payload, { to: 'orders-dead', error: ERROR })
    }
    await consumer.run({ eachMessage: move })
    await deliver(received({ tenant: '7', traceparent: TRACEPARENT }))
    return without(sent)
  },
}

sweepSeams('kafkajs', sequences)

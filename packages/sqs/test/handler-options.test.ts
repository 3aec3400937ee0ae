import { ReceiveMessageCommand, SendMessageCommand, type Message } from '@aws-sdk/client-sqs'
import { trace, type Span } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { forEachMessage, traceHandler, type HandlerOptions } from '../src/consumer.ts'
import { traceSqs, type SqsOptions } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()
let QueueUrl: string

beforeEach(async () => {
  QueueUrl = await queues.create()
})

/** Sends a message that carries a context, and receives it by a client with these options. */
async function receivedBy({ options }: Traced): Promise<Message[]> {
  const client = traceSqs(queues.client(), { ...options, legacyAttributeNames: true })
  await traceSqs(queues.client(), createTraced().options).send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }))
  expect(Messages).toHaveLength(1)
  return Messages
}

const fact = (span: ReadableSpan | undefined, name: string) => span?.attributes[`tracebaton.${name}`]
const undefinedOptions = { tracing: undefined, trust: undefined, queueUrl: undefined, maxReceiveCount: undefined }

/** Ways to handle messages that say nothing about how to trace. */
const SILENT: readonly (readonly [string, HandlerOptions | undefined])[] = [
  ['nothing', undefined],
  ['an empty object', {}],
  ['how often the queue tries', { maxReceiveCount: 3 }],
  ['the queue', { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/other' }],
  ['options that are not defined', undefinedOptions],
]

describe.each(SILENT)('a handler that is told %s', (_, options) => {
  test('does not believe what the client that received does not believe', async () => {
    const traced = createTraced({ trust: 'ignore' })
    await forEachMessage(await receivedBy(traced), () => {}, options)
    const [span] = traced.named('process')
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.links).toEqual([])
    expect(fact(span, 'context.status')).toBe('untrusted')
  })

  test('has the relation, the hooks and the provider of that client', async () => {
    const seen: Span[] = []
    const traced = createTraced({ relation: 'link', hooks: { onProcess: (span) => void seen.push(span) } })
    const [message] = await receivedBy(traced)
    const active = traceHandler(() => trace.getActiveSpan(), options)(message!)
    const [span, ...others] = traced.named('process')
    expect(others).toEqual([])
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.links).toHaveLength(1)
    expect(seen).toEqual([active])
    expect(active?.spanContext()).toEqual(span?.spanContext())
    expect(fact(span, 'delivery.max_attempts')).toBe(options?.maxReceiveCount)
  })
})

test('a handler that is told how to trace does as it is told', async () => {
  const [receiving, own] = [createTraced({ trust: 'ignore', relation: 'link' }), createTraced()]
  await forEachMessage(await receivedBy(receiving), () => {}, { ...own.options, maxReceiveCount: 3 })
  expect(receiving.named('process')).toEqual([])
  const [span] = own.named('process')
  expect(span?.parentSpanContext).toBeDefined()
  expect(fact(span, 'context.status')).toBeUndefined()
  expect(span?.name).toBe(`process ${QueueUrl.split('/').at(-1)}`)
})

test('options may be there and not defined', () => {
  const options = { ...undefinedOptions, onError: undefined, relation: undefined, hooks: undefined }
  expectTypeOf(options).toExtend<HandlerOptions>()
  expectTypeOf({ onError: undefined, maxMessageBytes: undefined }).toExtend<SqsOptions>()
  expect(traceHandler(() => 'done', options)({ MessageId: 'a' })).toBe('done')
})

test('without the URL of a queue nothing tells whether a message of the same id is the same', () => {
  const traced = createTraced()
  const dead = { DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders' }
  const MessageId = crypto.randomUUID()
  const handle = traceHandler(() => {}, traced.options)
  handle({ MessageId })
  handle({ MessageId, Attributes: dead })
  handle({ MessageId })
  expect(traced.named('process').map((span) => [fact(span, 'delivery.attempt'), fact(span, 'delivery.kind')])).toEqual([
    [1, 'first'],
    [1, 'dead_letter'],
    [1, 'first'],
  ])
  expect(traced.named('process').flatMap(({ links }) => links)).toEqual([])
})

test('a message that came back to the queue that gave it up is a redrive, and counts from one', () => {
  const traced = createTraced()
  const Attributes = {
    DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders',
    ApproximateReceiveCount: '5',
  }
  const message = { MessageId: crypto.randomUUID(), Attributes }
  const queueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/orders'
  const handle = traceHandler(() => {}, { ...traced.options, queueUrl })
  handle({ MessageId: message.MessageId })
  handle(message)
  handle(message)
  expect(traced.named('process').map((span) => [fact(span, 'delivery.attempt'), fact(span, 'delivery.kind')])).toEqual([
    [1, 'first'],
    [1, 'redrive'],
    [2, 'redelivery'],
  ])
  expect(traced.named('process').flatMap(({ attributes }) => Object.keys(attributes))).not.toContain(
    'tracebaton.dead_letter.source',
  )
})

test.each([undefined, 3])(
  'a handler with options counts on where it handles an arrival again (maximum %s)',
  async (maxReceiveCount) => {
    const traced = createTraced()
    const [message] = await receivedBy(traced)
    const handle = traceHandler(() => {}, { ...traced.options, maxReceiveCount })
    handle(message!)
    handle(message!)
    expect(traced.named('process').map((span) => fact(span, 'delivery.attempt'))).toEqual([1, 2])
  },
)

test('the handler has the name, the number of parameters and the properties of the one that is wrapped', () => {
  const handler = Object.assign(function charge(_message: Message, _more: unknown) {}, { pattern: 'orders' })
  const handle = traceHandler(handler)
  expect([handle.name, handle.length, Reflect.get(handle, 'pattern')]).toEqual(['charge', 2, 'orders'])
})

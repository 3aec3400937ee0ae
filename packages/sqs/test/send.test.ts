import {
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { beforeEach, describe, expect, test } from 'vitest'
import { traceSqs } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()
let traced: Traced
let client: SQSClient
let QueueUrl: string

beforeEach(async () => {
  QueueUrl = await queues.create()
  traced = createTraced()
  client = traceSqs(queues.client(), traced.options)
})

const text = (StringValue: string) => ({ DataType: 'String', StringValue })
const traceparentOf = (message: Message | undefined) => message?.MessageAttributes?.['traceparent']?.StringValue
const spanIdOf = (message: Message | undefined) => traceparentOf(message)?.split('-')[2]
const namesOf = (message: Message | undefined) => Object.keys(message?.MessageAttributes ?? {}).toSorted()

/** Frozen all the way down, except bytes, which cannot be. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(frozen)
    Object.freeze(value)
  }
  return value
}

const withNote = <Input extends object>(input: Input): Input =>
  Object.defineProperty(input, 'note', {
    enumerable: true,
    get: () => {
      throw new Error('no note')
    },
  })

/** A message whose fields are the getters of a class. */
class Order {
  readonly #url: string
  constructor(url: string) {
    this.#url = url
  }
  get QueueUrl() {
    return this.#url
  }
  get Id() {
    return 'a'
  }
  get MessageBody() {
    return 'one'
  }
}

describe('SendMessage', () => {
  test('puts the context of its PRODUCER span on the message', async () => {
    const { MessageId } = await traced.around('order', () =>
      client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' })),
    )
    const [message] = await queues.take(QueueUrl)
    const [span] = traced.named('send')
    const name = QueueUrl.split('/').at(-1)
    expect(span?.name).toBe(`send ${name}`)
    expect(span?.kind).toBe(SpanKind.PRODUCER)
    expect(span?.parentSpanContext?.spanId).toBe(traced.named('order')[0]?.spanContext().spanId)
    expect(spanIdOf(message)).toBe(span?.spanContext().spanId)
    expect(namesOf(message)).toEqual(['traceparent'])
    expect(message?.MessageId).toBe(MessageId)
    expect(span?.attributes).toMatchObject({
      'messaging.system.name': 'aws.sqs',
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': name,
      'messaging.message.id': MessageId,
      'aws.sqs.queue.url': QueueUrl,
    })
    expect(span?.attributes).not.toHaveProperty(['messaging.batch.message_count'])
    expect(message?.Attributes).not.toHaveProperty('AWSTraceHeader')
  })

  test('records the id of its request', async () => {
    const { $metadata } = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    expect($metadata.requestId).toEqual(expect.any(String))
    expect(traced.named('send')[0]?.attributes['aws.request_id']).toBe($metadata.requestId)
  })

  test('leaves a deeply frozen input as it is, and what is on it arrives', async () => {
    const bytes = new Uint8Array([0, 1, 255])
    const input = frozen({
      QueueUrl,
      MessageBody: 'one',
      MessageAttributes: { tenant: text('7'), raw: { DataType: 'Binary', BinaryValue: bytes } },
    })
    const before = JSON.stringify(input)
    await client.send(new SendMessageCommand(input))
    expect(JSON.stringify(input)).toBe(before)
    const [message] = await queues.take(QueueUrl)
    expect(namesOf(message)).toEqual(['raw', 'tenant', 'traceparent'])
    expect(message?.MessageAttributes?.['raw']?.BinaryValue).toEqual(bytes)
  })

  test('of an input that holds its values in its class sends them', async () => {
    const input = new Order(QueueUrl)
    await client.send(new SendMessageCommand(input))
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [input] }))
    const messages = await queues.take(QueueUrl, 2)
    expect(messages.map(({ Body }) => Body)).toEqual(['one', 'one'])
    expect(messages.map(traceparentOf)).not.toContain(undefined)
    expect(Object.keys(input)).toEqual([])
  })

  test('of an input with a field that throws, and that the client does not read, goes out', async () => {
    await client.send(new SendMessageCommand(withNote({ QueueUrl, MessageBody: 'one' })))
    const Entries = [{ Id: 'a', MessageBody: 'two' }]
    await client.send(new SendMessageBatchCommand(withNote({ QueueUrl, Entries })))
    expect((await queues.take(QueueUrl, 2)).map(({ Body }) => Body)).toEqual(['one', 'two'])
  })

  test('of the same command twice sends two contexts', async () => {
    const command = new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes: { tenant: text('7') } })
    await client.send(command)
    await client.send(command)
    const messages = await queues.take(QueueUrl, 2)
    expect(new Set(messages.map(traceparentOf)).size).toBe(2)
    expect(Object.keys(command.input.MessageAttributes ?? {})).toEqual(['tenant'])
    expect(traced.named('send').flatMap(({ links }) => links)).toEqual([])
  })

  test('replaces a useless context in any letter case, exactly once', async () => {
    const MessageAttributes = { Traceparent: text('nonsense'), traceparent: text('more'), TRACESTATE: text('a=1') }
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes }))
    const [message] = await queues.take(QueueUrl)
    expect(namesOf(message)).toEqual(['traceparent'])
    expect(spanIdOf(message)).toBe(traced.named('send')[0]?.spanContext().spanId)
  })

  test('keeps a context from an outbox, links it and is a CLIENT', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const MessageAttributes = { traceparent: text(traceparent) }
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes }))
    expect(traceparentOf((await queues.take(QueueUrl))[0])).toBe(traceparent)
    const [span] = traced.named('send')
    expect(span?.kind).toBe(SpanKind.CLIENT)
    expect(span?.links.map(({ context }) => context.spanId)).toEqual(['b'.repeat(16)])
  })

  test('says the delay that was asked for', async () => {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', DelaySeconds: 1 }))
    const [message] = await queues.take(QueueUrl)
    expect(message?.MessageAttributes?.['tracebaton']?.StringValue).toMatch(/;d=rs$/)
  })

  test('works for callers with a callback', async () => {
    const result = await new Promise<unknown>((resolve, reject) => {
      client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }), (error, data) =>
        error === null ? resolve(data?.MessageId) : reject(error),
      )
    })
    expect(result).toBe((await queues.take(QueueUrl))[0]?.MessageId)
    expect(traced.spans).toHaveLength(1)
  })

  test('that fails gives the error of the client, and the span says so', async () => {
    const missing = new SendMessageCommand({ QueueUrl: `${QueueUrl}-missing`, MessageBody: 'one' })
    await expect(client.send(missing)).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
    const [span] = traced.named('send')
    expect(span?.status.code).toBe(SpanStatusCode.ERROR)
    expect(span?.attributes['error.type']).toBe('QueueDoesNotExist')
  })
})

const sendBatch = (Entries: SendMessageBatchRequestEntry[]) =>
  client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))

describe('SendMessageBatch', () => {
  test('gives every entry a context of its own', async () => {
    const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: `${index}`, MessageBody: `body ${index}` }))
    const { Successful = [] } = await sendBatch(frozen(Entries))
    const messages = await queues.take(QueueUrl, 10)
    const creates = traced.named('create')
    const [span] = traced.named('send')
    expect(new Set(messages.map(spanIdOf))).toEqual(new Set(creates.map((create) => create.spanContext().spanId)))
    expect(creates).toHaveLength(10)
    expect(creates.map(({ attributes }) => attributes['messaging.message.id'])).toEqual(
      Successful.map(({ MessageId }) => MessageId),
    )
    expect(span?.kind).toBe(SpanKind.CLIENT)
    expect(span?.links).toHaveLength(10)
    expect(span?.attributes['messaging.batch.message_count']).toBe(10)
  })

  test('of one entry is still a batch', async () => {
    await sendBatch([{ Id: 'a', MessageBody: 'one' }])
    const [span] = traced.spans
    expect(traced.spans).toHaveLength(1)
    expect(span?.attributes['messaging.batch.message_count']).toBe(1)
    expect(spanIdOf((await queues.take(QueueUrl))[0])).toBe(span?.spanContext().spanId)
  })

  test('whose entries share one attributes object does not mix them up', async () => {
    const MessageAttributes = frozen({ tenant: text('7') })
    await sendBatch(['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id, MessageAttributes })))
    const messages = await queues.take(QueueUrl, 3)
    expect(new Set(messages.map(traceparentOf)).size).toBe(3)
    expect(messages.map(namesOf)).toEqual(messages.map(() => ['tenant', 'traceparent']))
  })

  test('of a list with holes goes to the client as it is', async () => {
    const Entries = [{ Id: 'a', MessageBody: 'one' }]
    Entries.length = 3
    const sentBy = (sender: SQSClient) =>
      sender.send(new SendMessageBatchCommand({ QueueUrl, Entries })).catch(({ name }: Error) => name)
    const [bare, own] = [await sentBy(queues.client()), await sentBy(client)]
    expect(typeof own).toBe(typeof bare)
    expect([traced.failures, traced.spans]).toEqual([[], []])
  })

  test('that fails in part marks the refused entries only, and answers as the client does', async () => {
    const Entries = [
      { Id: 'good', MessageBody: 'one' },
      { Id: 'bad', MessageBody: 'two', MessageAttributes: { empty: text('') } },
      { Id: 'fine', MessageBody: 'three' },
    ]
    const answer = await sendBatch(Entries)
    expect(answer.Failed?.map(({ Id }) => Id)).toEqual(['bad'])
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['good', 'fine'])
    const { UNSET, ERROR } = SpanStatusCode
    expect(traced.named('create').map(({ status }) => status.code)).toEqual([UNSET, ERROR, UNSET])
    expect(traced.named('create')[1]?.attributes['error.type']).toBe(answer.Failed?.[0]?.Code)
    expect(traced.named('send')[0]?.status.code).toBe(UNSET)
    expect(await traced.counted('messaging.client.sent.messages')).toBe(3)
    expect(await traced.counted('messaging.client.sent.messages', { 'error.type': answer.Failed?.[0]?.Code })).toBe(1)
  })
})

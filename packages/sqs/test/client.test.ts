import {
  CreateQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQS,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { Middleware, ReceivedMessage, SqsClientLike } from '../src/client.ts'
import { traceHandler } from '../src/consumer.ts'
import { traceSqs } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()
let traced: Traced
let QueueUrl: string

beforeEach(async () => {
  QueueUrl = await queues.create()
  traced = createTraced()
})

const sendOne = (client: SQSClient) => client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
const fieldsOf = ([message]: Message[]) => Object.keys(message?.MessageAttributes ?? {})

test('the types of the real client fit what we ask for', () => {
  expectTypeOf<SQSClient>().toExtend<SqsClientLike>()
  expectTypeOf<SQS>().toExtend<SqsClientLike>()
  expectTypeOf<Message>().toExtend<ReceivedMessage>()
  expectTypeOf(traceSqs<SQS>).returns.toEqualTypeOf<SQS>()
  expectTypeOf<string>().not.toExtend<SqsClientLike>()
  const handler = traceHandler(async (message: Message, attempt: number) => `${message.Body} ${attempt}`)
  expectTypeOf(handler).toEqualTypeOf<(message: Message, attempt: number) => Promise<string>>()
})

describe('a client', () => {
  test('comes back as the same object, without a new property', () => {
    const client = queues.client()
    const before = Object.getOwnPropertyNames(client)
    expect(traceSqs(client, traced.options)).toBe(client)
    expect(Object.getOwnPropertyNames(client)).toEqual(before)
  })

  test('wrapped again is traced once, by the newer options', async () => {
    const older = createTraced()
    const client = traceSqs(traceSqs(queues.client(), older.options), traced.options)
    await sendOne(traceSqs(client, traced.options))
    expect(older.spans).toEqual([])
    expect(traced.spans).toHaveLength(1)
    expect(fieldsOf(await queues.take(QueueUrl))).toEqual(['traceparent'])
  })

  test('of the aggregated kind is traced as well', async () => {
    const client = traceSqs(new SQS(queues.config), { ...traced.options, legacyAttributeNames: true })
    await client.sendMessage({ QueueUrl, MessageBody: 'one' })
    const { Messages } = await client.receiveMessage({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 5 })
    client.destroy()
    expect(Messages?.[0]?.MessageAttributes).toHaveProperty('traceparent')
    expect(traced.spans.map(({ name }) => name.split(' ')[0])).toEqual(['send', 'receive'])
  })

  test('is left alone with every other command', async () => {
    const client = traceSqs(queues.client(), traced.options)
    await client.send(new CreateQueueCommand({ QueueName: 'untraced' }))
    expect(traced.spans).toEqual([])
  })

  test('that is none does no harm', () => {
    for (const odd of [{}, { middlewareStack: {} }, Object.freeze({ config: {} })]) {
      expect(traceSqs(odd as never, traced.options)).toBe(odd)
    }
    expect(traced.failures).toHaveLength(3)
  })
})

const warnings = () => traced.failures.filter((failure) => String(failure).includes('before its first call'))

describe('a client that caches its middleware', () => {
  test('is traced where it was wrapped before its first call', async () => {
    const client = traceSqs(queues.client({ cacheMiddleware: true }), traced.options)
    await sendOne(client)
    await sendOne(client)
    expect(traced.spans).toHaveLength(2)
    expect(warnings()).toEqual([])
  })

  test('is warned of where it was used before', async () => {
    const client = queues.client({ cacheMiddleware: true })
    await sendOne(client)
    traceSqs(client, traced.options)
    expect(warnings()).toHaveLength(1)
  })

  test('is not warned of where it does not cache', async () => {
    const client = queues.client()
    await sendOne(client)
    await sendOne(traceSqs(client, traced.options))
    expect(warnings()).toEqual([])
    expect(traced.spans).toHaveLength(1)
  })
})

describe("the user's own middleware", () => {
  test('of the same step sees the input without our fields, and its changes are traced', async () => {
    const client = traceSqs(queues.client(), traced.options)
    const seen: unknown[] = []
    client.middlewareStack.add(
      (next) => async (args) => {
        seen.push(args.input)
        const tenant = { DataType: 'String', StringValue: '7' }
        const result = await next({ ...args, input: { ...args.input, MessageAttributes: { tenant } } })
        seen.push(result.output)
        return result
      },
      { step: 'initialize', name: 'tenant' },
    )
    const answer = await sendOne(client)
    expect(seen).toEqual([{ QueueUrl, MessageBody: 'one' }, answer])
    expect(seen[1]).toBe(answer)
    expect(fieldsOf(await queues.take(QueueUrl)).toSorted()).toEqual(['tenant', 'traceparent'])
  })

  test('of a later step sees what goes out', async () => {
    const client = traceSqs(queues.client(), traced.options)
    let body = ''
    client.middlewareStack.add(
      (next) => async (args) => {
        body = new TextDecoder().decode((args.request as { body: Uint8Array }).body)
        return next(args)
      },
      { step: 'finalizeRequest', name: 'watch' },
    )
    await sendOne(client)
    expect(body).toContain(traced.spans[0]?.spanContext().spanId)
  })

  test('that throws ends the call with its own error', async () => {
    const error = new RangeError('not today')
    const client = traceSqs(queues.client(), traced.options)
    client.middlewareStack.add(
      () => () => {
        throw error
      },
      { step: 'build', name: 'closed' },
    )
    await expect(sendOne(client)).rejects.toBe(error)
    expect(traced.spans[0]?.attributes['error.type']).toBe('RangeError')
  })
})

const attribute = (value: unknown) => ({ QueueUrl: '', MessageBody: 'one', MessageAttributes: value })

async function ending(client: SQSClient, create: (input: never) => unknown, input: unknown): Promise<unknown> {
  const filled = input !== null && typeof input === 'object' && 'QueueUrl' in input && input.QueueUrl === ''
  try {
    const command = create((filled ? { ...input, QueueUrl } : input) as never)
    const { Successful, Failed, MessageId } = (await client.send(command as never)) as {
      Successful?: unknown
      Failed?: unknown
      MessageId?: unknown
    }
    const counts = [Successful, Failed].map((list) => (Array.isArray(list) ? list.length : list))
    return { counts, answered: MessageId !== undefined }
  } catch (error) {
    const { name, message, constructor } = error as Error
    return { name, message, constructor }
  }
}

const createSend = (input: never) => new SendMessageCommand(input)
const createBatch = (input: never) => new SendMessageBatchCommand(input)

describe('an answer that nobody expects', () => {
  const lists = [null, 'text', 7, [null], ['text'], [{}]]
  const answers = [undefined, null, 'text', ...lists.map((odd) => ({ Messages: odd, Successful: odd, Failed: odd }))]

  test.each([
    'SendMessageCommand',
    'SendMessageBatchCommand',
    'ReceiveMessageCommand',
    'DeleteMessageCommand',
    'DeleteMessageBatchCommand',
    'ChangeMessageVisibilityBatchCommand',
  ])('to a %s comes back as it is', async (commandName) => {
    let middleware: Middleware | undefined
    const add = (added: Middleware): void => void (middleware = added)
    traceSqs({ config: {}, middlewareStack: { add } }, { ...traced.options, spans: { settle: true } })
    const input = { QueueUrl, Entries: [{ Id: 'a', MessageBody: 'one', ReceiptHandle: 'r' }] }
    for (const output of answers) {
      const response = { output }
      // oxlint-disable-next-line no-await-in-loop -- one answer after the other
      expect(await middleware?.(async () => response, { commandName })({ input })).toBe(response)
    }
  })
})

describe('an input that is invalid', () => {
  const single: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['no queue', { MessageBody: 'one' }],
    ['no body', { QueueUrl: '' }],
    ['an empty body', { QueueUrl: '', MessageBody: '' }],
    ['a body that is a number', { QueueUrl: '', MessageBody: 7 }],
    ['a body that is an object', { QueueUrl: '', MessageBody: {} }],
    ['a queue that is a number', { QueueUrl: 7, MessageBody: 'one' }],
    ['attributes that are null', attribute(null)],
    ['attributes that are a text', attribute('text')],
    ['attributes that are a list', attribute([])],
    ['an attribute that is undefined', attribute({ a: undefined })],
    ['an attribute that is null', attribute({ a: null })],
    ['an attribute that is a text', attribute({ a: 'text' })],
    ['an attribute without a type', attribute({ a: { StringValue: 'v' } })],
    ['an attribute without a value', attribute({ a: { DataType: 'String' } })],
    ['an attribute with an empty value', attribute({ a: { DataType: 'String', StringValue: '' } })],
    ['an attribute with a value that is a number', attribute({ a: { DataType: 'Number', StringValue: 7 } })],
    ['a delay that is a text', { QueueUrl: '', MessageBody: 'one', DelaySeconds: 'soon' }],
    ['a delay that is too long', { QueueUrl: '', MessageBody: 'one', DelaySeconds: 9000 }],
  ]
  const batch: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['no entries', { QueueUrl: '' }],
    ['entries that are null', { QueueUrl: '', Entries: null }],
    ['entries that are a text', { QueueUrl: '', Entries: 'text' }],
    ['entries that are empty', { QueueUrl: '', Entries: [] }],
    ['an entry that is null', { QueueUrl: '', Entries: [null] }],
    ['an entry that is undefined', { QueueUrl: '', Entries: [undefined, { Id: 'a', MessageBody: 'one' }] }],
    ['an entry without an id', { QueueUrl: '', Entries: [{ MessageBody: 'one' }] }],
    ['an entry without a body', { QueueUrl: '', Entries: [{ Id: 'a' }] }],
    ['one id twice', { QueueUrl: '', Entries: ['1', '2'].map((MessageBody) => ({ Id: 'a', MessageBody })) }],
    [
      'eleven entries',
      { QueueUrl: '', Entries: Array.from({ length: 11 }, (_, Id) => ({ Id: `${Id}`, MessageBody: 'b' })) },
    ],
  ]

  /** How a call ends: what stays the same from one call to the next. */
  test.each(single)('with %s ends as without us', async (_name, input) => {
    const bare = await ending(queues.client(), createSend, input)
    expect(await ending(traceSqs(queues.client(), traced.options), createSend, input)).toEqual(bare)
  })

  test.each(batch)('with %s in a batch ends as without us', async (_name, input) => {
    const bare = await ending(queues.client(), createBatch, input)
    expect(await ending(traceSqs(queues.client(), traced.options), createBatch, input)).toEqual(bare)
  })
})

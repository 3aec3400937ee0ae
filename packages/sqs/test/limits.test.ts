import { SendMessageBatchCommand, SendMessageCommand, type MessageAttributeValue } from '@aws-sdk/client-sqs'
import { context as contexts, propagation } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { createBudget } from '../src/headers.ts'
import { traceSqs, type SqsOptions } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced } from './traced.ts'

const queues = await useQueues()

const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue })
const own = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`own-${index}`, text('v')]))
const TRACE_HEADER = `Root=1-${'a'.repeat(8)}-${'a'.repeat(24)};Parent=${'b'.repeat(16)};Sampled=1`

interface Sent {
  readonly fields: string[]
  readonly ownCount: number
  readonly slot: string | undefined
  readonly spanIdOnMessage: string | undefined
  readonly spanId: string | undefined
  readonly skipped: (reason: string) => Promise<number>
}

/** Sends one message with baggage and a delay wish, so that three fields of ours want a place. */
async function sendWith(
  MessageAttributes: Record<string, MessageAttributeValue>,
  more: Partial<ConstructorParameters<typeof SendMessageCommand>[0]> = {},
  options: SqsOptions = {},
): Promise<Sent> {
  const QueueUrl = await queues.create()
  const traced = createTraced({ relation: 'link' })
  const client = traceSqs(queues.client(), { ...traced.options, ...options })
  const baggage = propagation.setBaggage(contexts.active(), propagation.createBaggage({ tenant: { value: '7' } }))
  await contexts.with(baggage, () =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes, ...more })),
  )
  const [message] = await queues.take(QueueUrl)
  const names = Object.keys(message?.MessageAttributes ?? {})
  return {
    fields: names.filter((name) => !name.startsWith('own-')).toSorted(),
    ownCount: names.filter((name) => name.startsWith('own-')).length,
    slot: message?.Attributes?.['AWSTraceHeader' as never],
    spanIdOnMessage: message?.MessageAttributes?.['traceparent']?.StringValue?.split('-')[2],
    spanId: traced.spans[0]?.spanContext().spanId,
    skipped: (reason) => traced.counted('tracebaton.propagation.skipped', { 'tracebaton.reason': reason }),
  }
}

describe('of the ten attributes of a message', () => {
  test('seven of its own leave room for everything', async () => {
    const sent = await sendWith(own(7))
    expect(sent.fields).toEqual(['baggage', 'tracebaton', 'traceparent'])
    expect(sent.ownCount).toBe(7)
  })

  test.each([8, 9])('%i of its own leave room for traceparent alone', async (count) => {
    const sent = await sendWith(own(count))
    expect(sent.fields).toEqual(['traceparent'])
    expect(sent.spanIdOnMessage).toBe(sent.spanId)
    expect([sent.ownCount, sent.slot]).toEqual([count, undefined])
    expect(await sent.skipped('essential_only')).toBe(1)
  })

  test('ten of its own leave the slot of the broker', async () => {
    const sent = await sendWith(own(10))
    expect([sent.fields, sent.ownCount]).toEqual([[], 10])
    expect(sent.slot).toMatch(
      new RegExp(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=${sent.spanId};Sampled=1;Tracebaton=1$`),
    )
    expect(await sent.skipped('broker_slot')).toBe(1)
  })

  test('ten of its own and a slot in use leave nothing, and the message goes out as it is', async () => {
    const MessageSystemAttributes = { AWSTraceHeader: text(TRACE_HEADER) as { DataType: string } }
    const sent = await sendWith(own(10), { MessageSystemAttributes })
    expect([sent.fields, sent.ownCount, sent.slot]).toEqual([[], 10, TRACE_HEADER])
    expect(await sent.skipped('no_room')).toBe(1)
  })

  test('one that is overwritten counts as ours', async () => {
    const sent = await sendWith({ ...own(9), traceparent: text('nonsense') })
    expect([sent.fields, sent.ownCount, sent.slot]).toEqual([['traceparent'], 9, undefined])
    expect(sent.spanIdOnMessage).toBe(sent.spanId)
  })

  test('three that are overwritten make room for three', async () => {
    const overwritten = { traceparent: text('x'), Baggage: text('x'), tracebaton: text('x') }
    expect((await sendWith({ ...own(7), ...overwritten })).fields).toEqual(['baggage', 'tracebaton', 'traceparent'])
  })

  test('each message of a batch has its own', async () => {
    const QueueUrl = await queues.create()
    const { options } = createTraced()
    const Entries = [0, 9, 10].map((count) => ({
      Id: `${count}`,
      MessageBody: `${count}`,
      MessageAttributes: own(count),
    }))
    const answer = await traceSqs(queues.client(), options).send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    expect(answer.Failed ?? []).toEqual([])
    const messages = await queues.take(QueueUrl, 3)
    const byBody = (body: string) => messages.find(({ Body }) => Body === body)
    expect(byBody('0')?.MessageAttributes).toHaveProperty('traceparent')
    expect(byBody('9')?.MessageAttributes).toHaveProperty('traceparent')
    expect(byBody('10')?.MessageAttributes).not.toHaveProperty('traceparent')
    expect(byBody('10')?.Attributes).toHaveProperty('AWSTraceHeader')
  })

  test('eleven of its own are the error of the service, with tracing and without', async () => {
    const QueueUrl = await queues.create()
    const command = () => new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes: own(11) })
    const bare = await queues.client().send(command()).catch(String)
    const traced = await traceSqs(queues.client(), createTraced().options).send(command()).catch(String)
    expect(traced).toBe(bare)
    expect(bare).toContain('exceeds the allowed maximum')
  })
})

describe('of the bytes of a message', () => {
  const TRACEPARENT_SIZE = 'traceparent'.length + 'String'.length + 55

  test('a body just within the limit of its queue stays within it', async () => {
    const QueueUrl = await queues.create({ MaximumMessageSize: '2048' })
    for (const [MessageBody, expected] of [
      ['x'.repeat(2048 - TRACEPARENT_SIZE), 'traceparent'],
      ['x'.repeat(2048 - TRACEPARENT_SIZE + 1), 'AWSTraceHeader'],
      ['x'.repeat(2048), 'AWSTraceHeader'],
    ] as const) {
      const client = traceSqs(queues.client(), { ...createTraced().options, maxMessageBytes: 2048 })
      // oxlint-disable-next-line no-await-in-loop -- each message is taken before the next is sent
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
      // oxlint-disable-next-line no-await-in-loop
      const [message] = await queues.take(QueueUrl)
      expect([...Object.keys(message?.MessageAttributes ?? {}), ...Object.keys(message?.Attributes ?? {})]).toContain(
        expected,
      )
    }
  })

  test.each([262_144, 1_048_576])('%i are not passed by a message that was within', async (limit) => {
    const QueueUrl = await queues.create({ MaximumMessageSize: `${limit}` })
    const client = traceSqs(queues.client(), createTraced().options)
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(limit) }))
    const [message] = await queues.take(QueueUrl)
    expect(message?.MessageAttributes).toBeUndefined()
    expect(message?.Attributes).toHaveProperty('AWSTraceHeader')
  })

  test('a message already beyond every limit is the error of the service', async () => {
    const QueueUrl = await queues.create({ MaximumMessageSize: '1024' })
    const command = () => new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(1025) })
    const bare = await queues.client().send(command()).catch(String)
    const traced = await traceSqs(queues.client(), createTraced().options).send(command()).catch(String)
    expect(traced).toBe(bare)
    expect(bare).toContain('must be shorter than')
  })
})

const isField = (name: string): boolean => name.toLowerCase() === 'traceparent'

describe('a budget', () => {
  const fields = { traceparent: 'v'.repeat(55) }
  const size = 'traceparent'.length + 'String'.length + 55

  test('counts bytes, not characters, of body, names, types and values', () => {
    const entry = {
      MessageBody: 'é',
      MessageAttributes: { ü: text('ß') as never, raw: { DataType: 'Binary', BinaryValue: new Uint8Array(5) } },
    }
    const used = 2 + (2 + 6 + 2) + (3 + 6 + 5)
    expect(createBudget([entry], used + size)(0, fields, isField)).toBe(true)
    expect(createBudget([entry], used + size - 1)(0, fields, isField)).toBe(false)
  })

  test('is one for the whole call', () => {
    const entries = [{ MessageBody: 'a' }, { MessageBody: 'b' }, { MessageBody: 'c'.repeat(262_142 - 2 * size) }]
    const fits = createBudget(entries, 1_048_576)
    expect(entries.map((_, index) => fits(index, fields, isField))).toEqual([true, true, false])
  })

  test('is one for each message, too', () => {
    const entries = [{ MessageBody: 'a'.repeat(300) }, { MessageBody: 'b' }]
    const fits = createBudget(entries, 300 + size - 1)
    expect(entries.map((_, index) => fits(index, fields, isField))).toEqual([false, true])
  })

  test('gets back what is overwritten', () => {
    const entry = { MessageBody: 'a', MessageAttributes: { Traceparent: text('v'.repeat(55)) as never } }
    expect(createBudget([entry], 1 + size)(0, fields, isField)).toBe(true)
    expect(createBudget([entry], 1 + size)(0, { ...fields, other: 'v' }, isField)).toBe(false)
  })

  test.each([
    ['uberctx-user.id', true],
    ['uberctx-a/b', false],
    ['uberctx-käse', false],
    ['uberctx-a..b', false],
    ['ends.', false],
    ['AWS.trace', false],
  ])('has room for an attribute named %s: %s', (name, expected) => {
    expect(createBudget([{ MessageBody: 'a' }], 1000)(0, { ...fields, [name]: 'v' }, isField)).toBe(expected)
  })

  test('may be passed by a message that was beyond it before', () => {
    expect(createBudget([{ MessageBody: 'x'.repeat(200) }], 100)(0, fields, isField)).toBe(true)
  })

  test('holds for attributes that are missing or odd', () => {
    for (const MessageAttributes of [undefined, null, { a: undefined }, { a: null }, { a: {} }]) {
      const entry = { MessageBody: 'a', MessageAttributes: MessageAttributes as never }
      expect(createBudget([entry], 1000)(0, fields, isField)).toBe(true)
    }
  })
})

import { ReceiveMessageCommand, SendMessageCommand, SQS, type Message, type SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, test } from 'vitest'
import { deadLetter, redrive, retryLater, traceHandler, traceSqs } from '../src/index.ts'
import { createHollow } from './hollow.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()

const CONTEXT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const noStock = new TypeError('no stock')

const text = (StringValue: string) => ({ DataType: 'String', StringValue })

const attributesOf = ({ MessageAttributes = {} }: Message): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]))

interface Scene {
  readonly traced: Traced
  readonly client: SQSClient
  readonly orders: string
  readonly dead: string
  /** A message that a traced client received. */
  readonly message: Message
}

/** @param own attributes of the message, beside its context */
async function receive(own: Readonly<Record<string, { DataType: string }>> = {}): Promise<Scene> {
  const traced = createTraced()
  const client = traceSqs(queues.client(), { ...traced.options, legacyAttributeNames: true })
  const [orders, dead] = [await queues.create(), await queues.create()]
  await queues.client().send(
    new SendMessageCommand({
      QueueUrl: orders,
      MessageBody: 'order',
      MessageAttributes: { traceparent: text(CONTEXT), ...own },
    }),
  )
  const command = new ReceiveMessageCommand({ QueueUrl: orders, MessageAttributeNames: ['All'], WaitTimeSeconds: 5 })
  const { Messages: [message] = [] } = await client.send(command)
  return { traced, client, orders, dead, message: message! }
}

describe('a message moved inside its handler', () => {
  test('goes on with its body, its own attributes and its context, and says where it was', async () => {
    const { traced, client, orders, dead, message } = await receive({ tenant: text('7') })
    await traceHandler((received: Message) => deadLetter(client, received, { to: dead, error: noStock }))(message)
    const [letter] = await queues.take(dead)
    expect(letter!.Body).toBe('order')
    expect(attributesOf(letter!)).toMatchObject({
      tenant: '7',
      traceparent: CONTEXT,
      'tracebaton-original-destination': orders.split('/').at(-1),
      'tracebaton-original-position': message.MessageId,
      'tracebaton-attempts': '1',
      'tracebaton-error-type': 'TypeError',
    })
    const [attempt] = traced.named('process')
    const sends = traced.named('send')
    expect(sends).toHaveLength(1)
    expect(sends[0]!.parentSpanContext?.spanId).toBe(attempt!.spanContext().spanId)
    expect(attributesOf(letter!)['tracebaton']).toContain(attempt!.spanContext().spanId)
    expect(attempt!.attributes['tracebaton.delivery.outcome']).toBe('dead_lettered')
    expect(traced.failures).toEqual([])
  })

  test('goes back to its own queue, and waits there', async () => {
    const { client, orders, message } = await receive()
    await traceHandler((received: Message) => retryLater(client, received, { delay: 300, error: noStock }))(message)
    const [copy] = await queues.take(orders)
    expect(attributesOf(copy!)['tracebaton']).toMatch(/;a=2;.*;d=rs;.*k=delayed/)
  })

  test('with nine attributes of its own counts its attempts, and bears its context in the slot of a platform', async () => {
    const own = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`own-${index}`, text('v')]))
    const { client, orders, message } = await receive(own)
    const header = `Root=1-${'c'.repeat(8)}-${'c'.repeat(24)};Parent=${'d'.repeat(16)};Sampled=1`
    Object.assign(message, { Attributes: { ...message.Attributes, AWSTraceHeader: header } })
    await traceHandler((received: Message) => retryLater(client, received, { error: noStock, maxAttempts: 3 }))(message)
    const [copy] = await queues.take(orders)
    expect(Object.keys(attributesOf(copy!)).toSorted()).toEqual([...Object.keys(own), 'tracebaton'])
    expect(attributesOf(copy!)['tracebaton']).toMatch(/;c=a{32}-b{16}-01;a=2;m=3;/)
    expect(copy!.Attributes).toMatchObject({ AWSTraceHeader: expect.stringContaining(`Parent=${'b'.repeat(16)}`) })
  })

  test('by a client that is not traced keeps its history all the same', async () => {
    const { traced, dead, message } = await receive()
    const plain = new SQS(queues.config)
    await traceHandler((received: Message) => deadLetter(plain, received, { to: dead }))(message)
    plain.destroy()
    const [letter] = await queues.take(dead)
    expect(attributesOf(letter!)['tracebaton']).toContain(traced.named('process')[0]!.spanContext().spanId)
    expect(traced.named('send')).toHaveLength(1)
  })

  test('is traced once where middleware of the user copies the input', async () => {
    const { traced, client, dead, message } = await receive()
    client.middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input } }), { step: 'initialize' })
    await traceHandler((received: Message) => deadLetter(client, received, { to: dead }))(message)
    const [letter] = await queues.take(dead)
    expect(traced.named('send')).toHaveLength(1)
    expect(attributesOf(letter!)['tracebaton']).toMatch(/;a=1;.*k=dead_letter/)
  })

  test('is not moved where the service refuses, and the handler gets the error', async () => {
    const { traced, client, message } = await receive()
    const to = `${queues.config.endpoint as string}/000000000000/nowhere`
    await traceHandler((received: Message) => expect(deadLetter(client, received, { to })).rejects.toThrow(/queue/i))(
      message,
    )
    expect(traced.named('process')[0]!.attributes['tracebaton.delivery.outcome']).toBe('acked')
  })
})

test('a message moved after its handler still belongs to its attempt', async () => {
  const { traced, client, dead, message } = await receive()
  const handler = traceHandler(async () => Promise.reject(noStock))
  await expect(handler(message)).rejects.toBe(noStock)
  await deadLetter(client, message, { to: dead, error: noStock })
  const [letter] = await queues.take(dead)
  const attempt = traced.named('process')[0]!.spanContext()
  expect(attributesOf(letter!)['tracebaton']).toContain(attempt.spanId)
  expect(traced.named('send')[0]!.parentSpanContext?.spanId).toBe(attempt.spanId)
})

test('a message of an unknown queue, moved after its handler, still belongs to its attempt', async () => {
  const traced = createTraced()
  const client = traceSqs(queues.client(), traced.options)
  const dead = await queues.create()
  const message: Message = { MessageId: 'm-1', Body: 'order', MessageAttributes: { traceparent: text(CONTEXT) } }
  traceHandler(() => {}, traced.options)(message)
  await deadLetter(client, message, { to: dead })
  expect(traced.named('send')[0]!.parentSpanContext?.spanId).toBe(traced.named('process')[0]!.spanContext().spanId)
})

const own = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`own-${index}`, text('x')]))

/** Moves a message with so many attributes of its own, and gives what is on the copy. */
async function moveWith(
  count: number,
): Promise<Scene & { readonly letter: Readonly<Record<string, string | undefined>> }> {
  const scene = await receive(own(count))
  await traceHandler((received: Message) => deadLetter(scene.client, received, { to: scene.dead, error: noStock }))(
    scene.message,
  )
  const [letter] = await queues.take(scene.dead)
  return { ...scene, letter: attributesOf(letter!) }
}

test('of an ignored producer neither context nor baggage nor the slot of the broker goes on', async () => {
  const traced = createTraced()
  const client = traceSqs(queues.client(), { ...traced.options, trust: 'ignore' })
  const dead = await queues.create()
  const AWSTraceHeader = `Root=1-${'a'.repeat(8)}-${'b'.repeat(24)};Parent=${'c'.repeat(16)};Sampled=1`
  for (const MessageAttributes of [{ traceparent: text(CONTEXT), baggage: text('admin=true') }, {}]) {
    await deadLetter(client, { Body: 'order', Attributes: { AWSTraceHeader }, MessageAttributes }, { to: dead })
    const [letter] = await queues.take(dead)
    expect(letter!.Attributes?.AWSTraceHeader).toBeUndefined()
    const { traceparent, baggage } = attributesOf(letter!)
    expect([traceparent?.split('-')[2], baggage]).toEqual([
      traced.named('send').at(-1)!.spanContext().spanId,
      undefined,
    ])
  }
})

test('of an ignored producer nothing goes on beside the slot that the new context has room in', async () => {
  const traced = createTraced()
  // The size of the message as it is, with 16 bytes of baggage: less than a context takes.
  const client = traceSqs(queues.client(), { ...traced.options, trust: 'ignore', maxMessageBytes: 31 })
  const dead = await queues.create()
  const MessageAttributes = { baggage: text('a=1'), own: text('v') }
  await deadLetter(client, { Body: 'order', MessageAttributes }, { to: dead })
  const [letter] = await queues.take(dead)
  expect(attributesOf(letter!)).toEqual({ own: 'v' })
  expect(letter!.Attributes?.AWSTraceHeader).toContain(traced.named('send').at(-1)!.spanContext().spanId)
})

describe('where a message has many attributes of its own', () => {
  test('the facts of the move share one', async () => {
    const { letter, traced } = await moveWith(7)
    expect(Object.keys(letter)).toHaveLength(10)
    expect(JSON.parse(letter['tracebaton-facts']!)).toMatchObject({ attempts: '1', 'error-message': 'no stock' })
    expect(traced.failures).toEqual([])
  })

  test('the facts of the move are left out, then the history; what was left out is counted', async () => {
    const without = await moveWith(8)
    expect(Object.keys(without.letter).filter((name) => name.startsWith('trace'))).toEqual([
      'traceparent',
      'tracebaton',
    ])
    expect(await without.traced.counted('tracebaton.propagation.skipped', { 'tracebaton.reason': 'facts' })).toBe(1)
    const least = await moveWith(9)
    expect(Object.keys(least.letter).filter((name) => name.startsWith('trace'))).toEqual(['traceparent'])
  })
})

test('a copy stays within the size that its client was told, with as much of its history as fits', async () => {
  const { traced, client, dead, message } = await receive()
  traceSqs(client, { ...traced.options, maxMessageBytes: 400 })
  await deadLetter(client, { ...message, Body: 'x'.repeat(300) }, { to: dead, error: noStock })
  const [letter] = await queues.take(dead)
  expect(Object.keys(attributesOf(letter!))).toEqual(['traceparent'])
  expect(await traced.counted('tracebaton.propagation.skipped', { 'tracebaton.reason': 'essential_only' })).toBe(1)
})

test('a context in the slot of the service comes along', async () => {
  const { client, dead, message } = await receive()
  const bare: Message = { ...message, MessageAttributes: {}, Attributes: { ...message.Attributes } }
  bare.Attributes!.AWSTraceHeader = `Root=1-${'a'.repeat(8)}-${'a'.repeat(24)};Parent=${'b'.repeat(16)};Sampled=1`
  await deadLetter(client, bare, { to: dead })
  const [letter] = await queues.take(dead)
  expect(attributesOf(letter!)['traceparent']).toBe(CONTEXT)
  expect(letter!.Attributes?.AWSTraceHeader).toBe(bare.Attributes!.AWSTraceHeader)
})

test('a dead letter is sent back, and counts from one again', async () => {
  const { client, orders, dead, message } = await receive()
  await deadLetter(client, message, { to: dead, error: noStock })
  const command = new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 5 })
  const { Messages: [letter] = [] } = await client.send(command)
  await redrive(client, letter!, { to: orders })
  const [back] = await queues.take(orders)
  expect(attributesOf(back!)['tracebaton']).toMatch(/;a=1;.*k=redrive;n=1/)
  expect(attributesOf(back!)['tracebaton-error-type']).toBe('TypeError')
})

test('a dead letter goes back to the queue where it says it was at first, and nowhere without', async () => {
  const { client, orders, dead, message } = await receive()
  await deadLetter(client, message, { to: dead })
  const command = new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 5 })
  const { Messages: [letter] = [] } = await client.send(command)
  await redrive(client, letter!)
  expect(await queues.take(orders)).toHaveLength(1)

  const unknown = { name: 'TypeError', code: 'ERR_TRACEBATON_DESTINATION' }
  await expect(redrive(client, message)).rejects.toMatchObject(unknown)
  await expect(retryLater(client, { ...message })).rejects.toMatchObject(unknown)
  await expect(deadLetter(client, message, {} as { to: string })).rejects.toMatchObject(unknown)
})

test.each([undefined, null, ''])('a message whose receipt handle is %j can be moved to a FIFO queue', async (none) => {
  const { client, QueueUrl } = createHollow()
  const message = { MessageId: 'a', Body: 'order', ReceiptHandle: none as undefined }
  await expect(retryLater(client, message, { to: `${QueueUrl}.fifo` })).rejects.toMatchObject({
    name: 'QueueDoesNotExist',
  })
})

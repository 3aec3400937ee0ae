import {
  ReceiveMessageCommand,
  SendMessageCommand,
  type MessageAttributeValue,
  type ReceiveMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { propagation, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { traceHandler } from '../src/consumer.ts'
import { formatTraceHeader, slotOf } from '../src/headers.ts'
import { traceSqs } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()
let traced: Traced
let client: SQSClient
let bare: SQSClient
let QueueUrl: string

beforeAll(async () => {
  bare = queues.client()
})
beforeEach(async () => {
  QueueUrl = await queues.create()
  traced = createTraced()
  client = traceSqs(queues.client(), { ...traced.options, legacyAttributeNames: true })
})

const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue })
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`
const SLOT = `Root=1-${'a'.repeat(8)}-${'b'.repeat(24)};Parent=${'c'.repeat(16)};Sampled=1`

async function put(attributes: Record<string, MessageAttributeValue>, slot?: string): Promise<void> {
  const system = slot === undefined ? {} : { MessageSystemAttributes: { AWSTraceHeader: text(slot) } }
  const input = { QueueUrl, MessageBody: 'body', MessageAttributes: attributes, ...system }
  await bare.send(new SendMessageCommand(input as never))
}

async function receive(input: Partial<ReceiveMessageCommandInput> = {}, by = client) {
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 5, ...input })
  return by.send(command)
}

/** Receives one message and handles it; gives the span of its attempt. */
async function attempt() {
  const { Messages = [] } = await receive()
  expect(Messages).toHaveLength(1)
  const tenant = Messages.map(
    traceHandler(() => propagation.getActiveBaggage()?.getEntry('tenant')?.value, traced.options),
  )[0]
  const span = traced.named('process')[0]!
  return { span, tenant, parent: span.parentSpanContext?.spanId, traceId: span.spanContext().traceId }
}

describe('ReceiveMessage', () => {
  test('is a CLIENT span that links its messages', async () => {
    await put({ traceparent: text(TRACEPARENT) })
    const { Messages } = await receive()
    const [span] = traced.named('receive')
    const name = QueueUrl.split('/').at(-1)
    expect(span?.name).toBe(`receive ${name}`)
    expect(span?.kind).toBe(SpanKind.CLIENT)
    expect(span?.links.map(({ context }) => context.spanId)).toEqual([SPAN])
    expect(span?.links[0]?.attributes?.['messaging.message.id']).toBe(Messages?.[0]?.MessageId)
    expect(span?.attributes).toMatchObject({
      'messaging.operation.type': 'receive',
      'messaging.destination.name': name,
      'messaging.batch.message_count': 1,
      'aws.sqs.queue.url': QueueUrl,
    })
  })

  test('that finds nothing makes no span', async () => {
    const { Messages } = await receive({ WaitTimeSeconds: 0 })
    expect(Messages ?? []).toEqual([])
    expect(traced.spans).toEqual([])
  })

  test('brings what the handler needs to a caller who asks for nothing', async () => {
    await put({ traceparent: text(TRACEPARENT), baggage: text('tenant=7') })
    const { parent, tenant } = await attempt()
    expect([parent, tenant]).toEqual([SPAN, '7'])
  })

  test('that fails gives the error of the client', async () => {
    const QueueUrlOfNone = `${QueueUrl}-missing`
    const error: unknown = await receive({ QueueUrl: QueueUrlOfNone }).catch(String)
    expect(error).toBe(await receive({ QueueUrl: QueueUrlOfNone }, bare).catch(String))
    expect(String(error)).toContain('QueueDoesNotExist')
  })
})

/** What is asked of the service, and what the caller's own input is after that. */
async function asked(
  input: Partial<ReceiveMessageCommandInput>,
  legacyAttributeNames: boolean,
  own = queues.client(),
): Promise<Partial<ReceiveMessageCommandInput>> {
  let seen: Partial<ReceiveMessageCommandInput> = {}
  const watched = traceSqs(own, { ...createTraced().options, legacyAttributeNames })
  watched.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === 'ReceiveMessageCommand') seen = args.input as typeof seen
      return next(args)
    },
    { step: 'serialize', name: 'watch' },
  )
  const given = Object.freeze({ WaitTimeSeconds: 0, ...input })
  const before = JSON.stringify(given)
  await receive(given, watched)
  expect(JSON.stringify(given)).toBe(before)
  return seen
}

const ofOurs = (name: string): string => `tracebaton-${name}`

describe('the lists of names that a caller asks for', () => {
  const FIELDS = ['traceparent', 'tracestate', 'baggage', 'tracebaton'].concat(
    ['original-destination', 'original-position', 'original-consumer', 'attempts', 'error-type'].map(ofOurs),
    ['error-message', 'error-stack', 'failed-at', 'facts'].map(ofOurs),
  )
  const SYSTEM = ['AWSTraceHeader', 'ApproximateReceiveCount', 'SentTimestamp', 'DeadLetterQueueSourceArn'].concat(
    'MessageGroupId',
  )

  test('are ours where there are none', async () => {
    const seen = await asked({}, false)
    expect(seen.MessageAttributeNames).toEqual(FIELDS)
    expect(seen.MessageSystemAttributeNames).toEqual(SYSTEM)
    expect(seen).not.toHaveProperty('AttributeNames')
  })

  test('keep what is in them, frozen or not, and name nothing twice', async () => {
    const seen = await asked(
      {
        MessageAttributeNames: Object.freeze(['tenant', 'traceparent', 'own.*']) as never,
        MessageSystemAttributeNames: Object.freeze(['SenderId', 'SentTimestamp']) as never,
      },
      false,
    )
    expect(seen.MessageAttributeNames).toEqual(['tenant', 'traceparent', 'own.*', ...FIELDS.slice(1)])
    expect(seen.MessageSystemAttributeNames).toEqual([
      'SenderId',
      'SentTimestamp',
      ...SYSTEM.filter((name) => name !== 'SentTimestamp'),
    ])
  })

  test.each([['All'], ['.*']])('stay as they are with %s', async (everything) => {
    const seen = await asked(
      { MessageAttributeNames: ['tenant', everything], MessageSystemAttributeNames: ['All'] },
      false,
    )
    expect(seen.MessageAttributeNames).toEqual(['tenant', everything])
    expect(seen.MessageSystemAttributeNames).toEqual(['All'])
  })

  test('have the discontinued one filled where the caller uses it, or an option says so', async () => {
    expect((await asked({ AttributeNames: ['SenderId' as never] }, false)).AttributeNames).toEqual([
      'SenderId',
      ...SYSTEM,
    ])
    expect((await asked({ AttributeNames: ['All'] }, true)).AttributeNames).toEqual(['All'])
    expect((await asked({}, true)).AttributeNames).toEqual(SYSTEM)
  })

  test.each([
    ['before 3.583', async () => [['aws-sdk-js', '3.582.0']]],
    ['that does not tell its version', async () => []],
  ])('have the discontinued one ask a client for everything %s, which sends no other', async (_, provider) => {
    const asks = async (input: Partial<ReceiveMessageCommandInput>) => {
      const old = queues.client()
      Object.assign(old.config, { defaultUserAgentProvider: provider })
      return (await asked(input, false, old)).AttributeNames
    }
    expect(await asks({})).toEqual(['All'])
    expect(await asks({ AttributeNames: ['All'] })).toEqual(['All'])
    expect(await asks({ AttributeNames: ['SenderId' as never] })).toEqual(['SenderId', 'All'])
  })

  test.each(['3.583.0', '3.1169.0', '4.0.0'])('leave the discontinued one alone with client %s', async (version) => {
    const recent = queues.client()
    Object.assign(recent.config, { defaultUserAgentProvider: async () => [['aws-sdk-js', version]] })
    expect(await asked({}, false, recent)).not.toHaveProperty('AttributeNames')
  })

  test('bring the caller what it asked for', async () => {
    await put({ tenant: text('7'), other: text('8') })
    const { Messages } = await receive({ MessageAttributeNames: ['tenant'], AttributeNames: ['SenderId' as never] })
    expect(Object.keys(Messages?.[0]?.MessageAttributes ?? {})).toEqual(['tenant'])
    expect(Messages?.[0]?.Attributes).toHaveProperty('SenderId')
  })
})

describe('the slot of the broker', () => {
  test('gives the context where the attributes hold none', async () => {
    await put({}, SLOT)
    const { parent, traceId, span } = await attempt()
    expect([parent, traceId]).toEqual(['c'.repeat(16), `${'a'.repeat(8)}${'b'.repeat(24)}`])
    expect(span.attributes).not.toHaveProperty(['tracebaton.context.status'])
  })

  test('comes second to traceparent', async () => {
    await put({ traceparent: text(TRACEPARENT) }, SLOT)
    expect((await attempt()).parent).toBe(SPAN)
  })

  test.each([
    ['without a parent', `Root=1-${'a'.repeat(8)}-${'b'.repeat(24)};Sampled=1`],
    ['of another version', SLOT.replace('Root=1', 'Root=2')],
    ['of a wrong length', SLOT.replace('cccc', 'c')],
    ['in capitals', SLOT.replace('Parent=c', 'Parent=C')],
    ['that is nonsense', 'nonsense'],
    ['of zeros', `Root=1-${'0'.repeat(8)}-${'0'.repeat(24)};Parent=${'c'.repeat(16)}`],
  ])('%s gives none', async (_name, slot) => {
    await put({}, slot)
    const { parent, span } = await attempt()
    expect(parent).toBeUndefined()
    expect(span.links).toEqual([])
    expect(span.attributes['tracebaton.context.status']).toBe('absent')
  })

  test('may have its parts in any order, with blanks', () => {
    const header = `Parent=${'c'.repeat(16)}; Lineage=1:2; Root=1-${'a'.repeat(8)}-${'b'.repeat(24)};Sampled=1`
    const traceparent = `00-${'a'.repeat(8)}${'b'.repeat(24)}-${'c'.repeat(16)}-01`
    expect(slotOf(header)).toEqual({ traceparent, decides: true })
    expect(slotOf(`${header};Data=${'x'.repeat(1_024)}`)).toBeUndefined()
  })

  test.each(['Sampled=0', 'Sampled=?', 'Lineage=1:d4d48d4d:0'])(
    'of a platform that keeps no trace is linked, and the consumer’s own root decides: %s',
    async (said) => {
      await put({}, SLOT.replace('Sampled=1', said))
      const { parent, span } = await attempt()
      expect([parent, span.links.map(({ context }) => context.spanId)]).toEqual([undefined, ['c'.repeat(16)]])
    },
  )

  test('of ours says what our sampler decided', () => {
    for (const traceFlags of [0, 1]) {
      const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
      const traceparent = `00-${ids.traceId}-${ids.spanId}-0${traceFlags}`
      expect(slotOf(formatTraceHeader({ ...ids, traceFlags }))).toEqual({ traceparent, decides: true })
    }
  })
})

const binary = (value: string) => ({ DataType: 'Binary', BinaryValue: new TextEncoder().encode(value) })

describe('a message whose context', () => {
  test.each([
    ['is nonsense', { traceparent: text('nonsense') }, 'malformed'],
    ['is in capitals', { traceparent: text(TRACEPARENT.toUpperCase()) }, 'malformed'],
    ['has zero ids', { traceparent: text(`00-${'0'.repeat(32)}-${SPAN}-01`) }, 'malformed'],
    ['is too long', { traceparent: text(`${TRACEPARENT}-more`) }, 'malformed'],
    ['is oversized', { traceparent: text('0'.repeat(60_000)) }, 'malformed'],
    ['is binary nonsense', { traceparent: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) } }, 'malformed'],
    ['is a number', { traceparent: { DataType: 'Number', StringValue: '1' } }, 'malformed'],
    ['is missing, with a trace state alone', { tracestate: text('a=1') }, 'absent'],
    ['is missing', {}, 'absent'],
  ])('%s is handled in a root of its own that says so', async (_name, attributes, status) => {
    await put(attributes)
    const { span, parent } = await attempt()
    expect(parent).toBeUndefined()
    expect(span.links).toEqual([])
    expect(span.attributes['tracebaton.context.status']).toBe(status)
  })

  test('is binary can be read all the same', async () => {
    await put({ traceparent: binary(TRACEPARENT) })
    expect((await attempt()).parent).toBe(SPAN)
  })

  test('is there twice, in two letter cases, belongs to neither', async () => {
    await put({ traceparent: text(TRACEPARENT), Traceparent: text(`00-${'a'.repeat(32)}-${SPAN}-01`) })
    const { Messages = [] } = await receive({ MessageAttributeNames: ['All'] })
    Messages.forEach((message) => traceHandler(() => {}, traced.options)(message))
    const [span] = traced.named('process')
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.attributes['tracebaton.context.status']).toBe('malformed')
  })

  test('is in another letter case is found, where the caller asked for everything', async () => {
    await put({ TraceParent: text(TRACEPARENT) })
    const { Messages = [] } = await receive({ MessageAttributeNames: ['All'] })
    Messages.forEach((message) => traceHandler(() => {}, traced.options)(message))
    expect(traced.named('process')[0]?.parentSpanContext?.spanId).toBe(SPAN)
  })

  test('has a broken lineage keeps its context', async () => {
    await put({ traceparent: text(TRACEPARENT), tracebaton: text('1;c=nonsense;a=9') })
    const { parent, span } = await attempt()
    expect(parent).toBe(SPAN)
    expect(span.attributes['tracebaton.delivery.attempt']).toBe(1)
    expect(traced.failures.length).toBeGreaterThan(0)
  })
})

test('a receive call that fails is an ERROR span, and its error is the client’s own', async () => {
  const nowhere = { QueueUrl: `${QueueUrl}-nowhere` }
  const expected = await receive(nowhere, bare).catch((error: unknown) => error)
  const error = await receive(nowhere).catch((reason: unknown) => reason)
  expect(String(error)).toBe(String(expected))
  const [span] = traced.named('receive')
  expect(span?.status.code).toBe(SpanStatusCode.ERROR)
  expect(span?.attributes['error.type']).toBe((expected as Error).name)
})

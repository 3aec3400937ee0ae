import { expect, test } from 'vitest'
import type { Arrival } from '../../src/journeys/arrival.ts'
import type { CheckOptions } from '../../src/rules/evidence.ts'
import { findingText } from '../../src/rules/finding.ts'
import { findingsIn } from '../../src/rules/findings-in.ts'
import { rules } from '../../src/rules/rules.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { at, attempt, link, messaging } from '../journey-story.ts'
import { spanOf } from '../span-of.ts'
import { notEnded, story } from '../story.ts'

const send = messaging('s', 'send', 'orders', { attributes: at(42) })
const first = attempt('a', send, 1)
const second = attempt('b', send, 2, { before: first })
const alone = (spanId: string, place: Parameters<typeof messaging>[3] = {}) =>
  messaging(spanId, 'process', 'orders', { traceId: 'f'.repeat(32), startTime: 10, ...place })

const letter = (links: RecordedSpan['links']) =>
  messaging('d', 'process', 'orders-dead', { traceId: 'd'.repeat(32), startTime: 30, links })
const batch = (size: number, ...links: RecordedSpan[]) =>
  messaging('x', 'process', 'orders', {
    traceId: 'e'.repeat(32),
    startTime: 5,
    attributes: { 'messaging.batch.message_count': size },
    links: links.map((span) => link('creation', span)),
  })
const mark = (order: number) => ({ 'order.id': order })

const sound = [send, first, second]
const found = (spans: readonly RecordedSpan[], options?: CheckOptions) => findingsIn(spans, options)
const texts = (spans: readonly RecordedSpan[], options?: CheckOptions) => found(spans, options).map(findingText)

test('nothing is found where propagation works', () => {
  expect(texts(sound)).toEqual([])
  expect(findingsIn(story).filter(({ rule }) => !rule.startsWith('conventions'))).toEqual([])
})

test('rules have ids of their own, and say what is true', () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  expect(rules.every(({ title }) => title.length > 20)).toBe(true)
})

test.each([
  ['absent', 'header absent on the wire: shop sent', 'producer', 'shop'],
  ['malformed', 'header malformed on the wire: shop wrote', 'producer', 'shop'],
  ['untrusted', 'header present but not used', 'consumer', 'billing'],
  [undefined, 'nothing says whether the header arrived', 'unknown', ''],
])('a handled message that does not lead to its send, context %s', (status, reason, side, service) => {
  const lost = alone('a', { attributes: { ...at(42), ...(status && { 'tracebaton.context.status': status }) } })
  expect(found([send, lost])).toMatchObject([
    {
      rule: 'connected',
      problem: expect.stringContaining(reason),
      message: 'kafka orders/0@42',
      hop: 'send orders (shop) → process orders (billing)',
      side,
      service,
    },
  ])
})

// An application that names its messages after orders gives one id to messages of several queues.
const named = { 'messaging.system.name': 'rabbitmq', 'messaging.message.id': 'order 1' }
const arrivalAt = (destination: string, headers: Arrival['headers']): Arrival => ({
  system: 'rabbitmq',
  destination,
  messageId: 'order 1',
  headers,
})

test.each([
  ['nothing says whether the header arrived', []],
  ['header absent on the wire', [arrivalAt('shop:invoice', {}), arrivalAt('orders', { traceparent: ['unread'] })]],
])('of messages with one id each is compared with what was sent to its own queue: %s', (reason, arrivals) => {
  const order = messaging('o', 'send', 'orders', { startTime: 1, attributes: named })
  const handled = messaging('h', 'process', 'orders', { parentSpanId: 'o', startTime: 2, attributes: named })
  const place = { traceId: 'b'.repeat(32), attributes: named }
  const invoice = messaging('i', 'send', 'shop:invoice', { ...place, startTime: 3 })
  const billing = messaging('b', 'process', 'shop:invoice:billing', { ...place, startTime: 4, parentSpanId: 'i' })
  expect(found([order, handled, invoice, billing], { arrivals })).toEqual([])
  const { parentSpanId: _, ...lost } = billing
  expect(found([order, handled, invoice, { ...lost, traceId: 'c'.repeat(32) }], { arrivals })).toMatchObject([
    {
      rule: 'connected',
      hop: 'send shop:invoice (shop) → process shop:invoice:billing (billing)',
      problem: expect.stringContaining(reason),
    },
  ])
})

test('what follows a producer that exports elsewhere is no message of another queue with the same id', () => {
  const order = messaging('o', 'send', 'orders', { startTime: 1, attributes: named })
  const handled = messaging('h', 'process', 'orders', { parentSpanId: 'o', startTime: 2, attributes: named })
  const billing = messaging('b', 'process', 'shop:invoice:billing', {
    traceId: 'b'.repeat(32),
    startTime: 4,
    parentSpanId: 'i',
    remoteParent: true,
    attributes: named,
  })
  expect(found([order, handled, billing])).toMatchObject([{ rule: 'no-orphans' }])
})

test('what arrived tells where the context was lost', () => {
  const lost = alone('a', { attributes: at(42) })
  const arrival = { system: 'kafka', destination: 'orders', partition: '0', offset: '42' }
  const [trace, span] = ['a'.repeat(32), 'b'.repeat(16)]
  const say = (headers: Record<string, string[]>) => found([send, lost], { arrivals: [{ ...arrival, headers }] })
  expect(say({})).toMatchObject([{ side: 'producer', problem: expect.stringContaining('header absent on the wire') }])
  expect(say({ Traceparent: ['broken'] })).toMatchObject([
    { side: 'producer', problem: expect.stringContaining('malformed on the wire (traceparent: broken)') },
  ])
  expect(say({ TRACEPARENT: [`00-${trace}-${span}-01`] })).toMatchObject([
    { side: 'consumer', problem: expect.stringContaining('present but not used: traceparent was on the message') },
  ])
  expect(say({ b3: ['0'] })).toMatchObject([{ side: 'consumer' }])
})

test('a header pairs a send and an attempt that share no other identity', () => {
  const [traceId, spanId] = ['c'.repeat(32), 'd'.repeat(16)]
  const anonymous = messaging(spanId, 'send', 'orders', { traceId })
  const others = [1, 2].map((number) => messaging(`o${number}`, 'send', 'orders'))
  const lost = alone('a', { attributes: at(42) })
  const arrivals = [
    {
      system: 'kafka',
      destination: 'orders',
      partition: '0',
      offset: '42',
      headers: { traceparent: [`00-${traceId}-${spanId}-01`] },
    },
  ]
  const [finding] = found([anonymous, ...others, lost], { arrivals })
  expect(finding?.spans.map((shown) => shown.spanId)).toEqual(['a', spanId])
})

test('without any identity the only send there is gets paired, and the finding says so', () => {
  const anonymous = messaging('s', 'send', 'orders')
  const [text] = texts([anonymous, alone('a')])
  expect(text).toContain('there is no other that it could be')
  expect(text).toContain('hop      send orders (shop) → process orders (billing)')
})

test.each([
  ['that is linked', { before: first }],
  ['that is unknown', { attributes: { 'tracebaton.previous_attempt': 'unknown' } }],
])('a clock that is behind makes no attempt after one %s its first one', (_, place) => {
  const again = attempt('b', send, 2, { ...place, startTime: 9 })
  expect(texts([send, first, again])).toEqual([])
})

test('another attempt of the message that was connected shows that the header was there', () => {
  const lost = alone('b', {
    startTime: 20,
    attributes: { ...at(42), 'tracebaton.delivery.attempt': 2, 'tracebaton.previous_attempt': 'unknown' },
  })
  expect(found([send, first, lost])).toMatchObject([{ rule: 'connected', side: 'consumer' }])
})

test('an attempt that hangs on the send of another message leaks', () => {
  const other = messaging('o', 'send', 'orders', { attributes: at(7) })
  const astray = attempt('a', other, 1, { attributes: at(42) })
  expect(found([send, other, astray])).toMatchObject([
    {
      rule: 'connected',
      message: 'kafka orders/0@42',
      problem: expect.stringContaining('it follows another context'),
    },
  ])
})

test.each([
  ['no link to the one before', attempt('b', send, 2), 'does not link the attempt before'],
  ['a gap', attempt('b', send, 3, { before: first }), 'is attempt 3 after attempt 1'],
  ['counted from 1 again', attempt('b', send, 1, { startTime: 20 }), 'is attempt 1 after attempt 1'],
  [
    'neither number nor link',
    attempt('b', send, 2, { attributes: { 'tracebaton.delivery.attempt': undefined } }),
    'says neither which attempt it is',
  ],
])('attempts in disorder: %s', (_, later, problem) => {
  expect(found([send, first, later])).toMatchObject([
    { rule: 'attempts-in-order', side: 'consumer', service: 'billing', problem: expect.stringContaining(problem) },
  ])
})

test('an attempt that knows that it does not know the one before is in order', () => {
  const later = attempt('b', send, 4, { attributes: { 'tracebaton.previous_attempt': 'unknown' } })
  expect(texts([send, first, later])).toEqual([])
})

test('a dead letter that was sent by an attempt links that attempt', () => {
  const move = messaging('m', 'send', 'orders-dead', {
    kind: 'client',
    parentSpanId: 'a',
    startTime: 12,
    links: [link('creation', send)],
  })
  expect(texts([send, first, move, letter([link('previous_attempt', first), link('creation', send)])])).toEqual([])
  expect(found([send, first, move, letter([link('creation', send)])])).toMatchObject([
    { rule: 'attempts-in-order', problem: expect.stringContaining('the attempt that sent the message there') },
  ])
})

test('a batch links each message once and no others', () => {
  const other = messaging('t', 'send', 'orders', { attributes: at(43) })
  const member = attempt('a', send, 1, { links: [link('batch', batch(1)), link('creation', send)] })
  expect(texts([send, other, batch(2, send, other), member])).toEqual([])
  expect(found([send, other, batch(2, send, send)])).toMatchObject([{ rule: 'batch-links' }])
  expect(found([send, other, batch(1, send, other)])).toMatchObject([{ rule: 'batch-links', expected: 1, actual: 2 }])
  expect(found([send, other, batch(2, other), member])).toMatchObject([
    { rule: 'batch-links', message: 'kafka orders/0@42' },
  ])
})

test('handling one message inside the handling of another is a leak', () => {
  const other = messaging('t', 'send', 'orders', { traceId: 'e'.repeat(32), attributes: at(43) })
  const inner = messaging('i', 'process', 'orders', {
    parentSpanId: 'a',
    startTime: 12,
    attributes: at(43),
    links: [link('creation', other)],
  })
  expect(found([send, other, first, inner])).toMatchObject([
    {
      rule: 'no-leak',
      message: 'kafka orders/0@43',
      hop: 'process orders attempt 1 (billing) → process orders (billing)',
    },
  ])
})

test('one context on two messages of one destination is a leak of the producer', () => {
  const twin = attempt('b', send, 1, { startTime: 20, attributes: at(43) })
  expect(found([send, first, twin])).toMatchObject([
    { rule: 'no-leak', message: 'kafka orders/0@43', side: 'producer', service: 'shop' },
  ])
})

test('a retry copy has the context of the message, although what identifies it is another one', () => {
  const copy = attempt('b', send, 3, { attributes: at(43), links: [link('previous_attempt', alone('lost'))] })
  expect(found([send, first, copy]).map(({ rule }) => rule)).toEqual(['no-dangling-links'])
})

test('ids that a broker gives twice are two messages', () => {
  const again = messaging('t', 'send', 'orders', { traceId: 'e'.repeat(32), startTime: 50, attributes: at(42) })
  const handled = attempt('h', again, 1, { startTime: 60 })
  expect(texts([send, first, second, again, handled])).toEqual([])
})

test('what tells messages apart is the same throughout the handling of one', () => {
  const query = (order: number) =>
    spanOf({ name: 'query', spanId: 'q', parentSpanId: 'a', startTime: 11, attributes: mark(order) })
  const handled = attempt('a', send, 1, { attributes: mark(1) })
  const options = { messageAttribute: 'order.id' }
  expect(texts([send, handled, query(1)], options)).toEqual([])
  expect(found([send, handled, query(2)], options)).toMatchObject([{ rule: 'no-leak', expected: 1, actual: 2 }])
})

test.each([
  ['a password', { 'url.full': 'amqp://shop:hunter2@broker' }, {}, 'a password in an address'],
  ['a named secret', { 'db.password': 'x' }, {}, 'the value of db.password'],
  ['a text', { note: 'to hunter2, urgently' }, { secrets: ['hunter2'] }, 'said to be secret'],
  ['baggage', { 'customer.id': '7' }, { privateBaggage: ['customer.id'] }, 'the baggage entry customer.id'],
])('a secret on a span is found and not repeated: %s', (_, attributes, options, what) => {
  const [finding, ...more] = found([send, attempt('a', send, 1, { attributes })], options)
  expect(more).toEqual([])
  expect(finding).toMatchObject({ rule: 'no-secrets', problem: expect.stringContaining(what), side: 'consumer' })
  expect(JSON.stringify({ ...finding, spans: [] })).not.toContain('hunter2')
})

test('a password that was made unreadable is none', () => {
  const attributes = { 'url.full': 'amqp://shop:***@broker', 'other.url': 'amqp://shop:REDACTED@broker/x' }
  expect(texts([send, attempt('a', send, 1, { attributes })])).toEqual([])
})

test('private baggage on a message is found', () => {
  const arrivals = [
    {
      system: 'kafka',
      destination: 'orders',
      partition: '0',
      offset: '42',
      headers: { Baggage: ['a=1,customer.id=7'] },
    },
  ]
  expect(found(sound, { arrivals, privateBaggage: ['customer.id'] })).toMatchObject([
    { rule: 'no-secrets', side: 'producer' },
  ])
})

test('a parent that was not recorded, a link that leads nowhere, a span that has not ended', () => {
  expect(found([first]).map(({ rule, side }) => [rule, side])).toEqual([
    ['no-orphans', 'producer'],
    ['no-dangling-links', 'producer'],
  ])
  const open = notEnded(spanOf({ name: 'query', spanId: 'q', parentSpanId: 'a' }))
  expect(found([send, first, open])).toMatchObject([
    { rule: 'all-ended', message: 'kafka orders/0@42', hop: 'send orders (shop) → query (shop)' },
  ])
})

test('a batch may be decided as its newest message, and what went wrong may be sampled alone', () => {
  const other = { ...send, spanId: 'o' }
  const links = [link('creation', other), { ...link('creation', send), traceFlags: 0 }]
  const decided = (traceFlags: number) => alone('a', { attributes: at(42), traceFlags, links })
  const dropped = { ...send, traceFlags: 0 }
  for (const flags of [0, 1]) expect(found([other, dropped, decided(flags)]).map(({ rule }) => rule)).toEqual([])
  const escalated = alone('a', {
    attributes: { ...at(42), 'tracebaton.sampling.reason': 'attempt' },
    links: [{ ...link('creation', send), traceFlags: 0 }],
  })
  expect(found([dropped, escalated])).toEqual([])
})

test('one end of a link was sampled and the other was not', () => {
  const unsampled = { ...send, traceFlags: 0 }
  const root = alone('a', { attributes: at(42), links: [{ ...link('creation', send), traceFlags: 0 }] })
  expect(found([unsampled, root])).toMatchObject([{ rule: 'sampling-consistent', actual: 'sampled' }])
  expect(found([unsampled, { ...root, traceFlags: 0 }])).toEqual([])
  expect(found([send, { ...root, traceFlags: 0 }])).toMatchObject([
    { rule: 'sampling-consistent', expected: 'sampled' },
  ])
})

test.each([
  ['operation-type', { 'messaging.operation.type': undefined }, {}],
  ['operation-type', { 'messaging.operation.type': 'consume' }, {}],
  ['operation-type', { 'messaging.operation.type': 'constructor' }, {}],
  ['operation-name', { 'messaging.operation.name': undefined }, {}],
  ['kind', {}, { kind: 'internal' as const }],
  ['names', { 'messaging.destination': 'orders' }, {}],
  ['span-name', {}, { name: 'orders process' }],
  ['error-type', {}, { status: 'error' as const }],
])('a span against the conventions: %s', (clause, attributes, place) => {
  const span = attempt('a', send, 1, { attributes })
  expect(found([send, { ...span, ...place }]).map(({ rule }) => rule)).toContain(`conventions/${clause}`)
})

test('the name by which SigNoz finds a consumer may stand beside that of today', () => {
  const older = { 'messaging.kafka.consumer.group': 'billing' }
  const rulesOf = (attributes: RecordedSpan['attributes']): string[] => {
    const span = attempt('a', send, 1, { attributes: { ...older, ...attributes } })
    return found([send, span]).map(({ rule }) => rule)
  }
  expect(rulesOf({ 'messaging.consumer.group.name': 'billing' })).not.toContain('conventions/names')
  expect(rulesOf({})).toContain('conventions/names')
})

test('a finding names message, hop and side', () => {
  const lost = alone('a', { attributes: { ...at(42), 'tracebaton.context.status': 'absent' } })
  expect(texts([send, lost])).toEqual([
    [
      'process orders is not connected to send orders: header absent on the wire: shop sent the message without a trace context, or something in between took it off. [connected]',
      '  message  kafka orders/0@42',
      '  hop      send orders (shop) → process orders (billing)',
      '  side     producer, shop',
    ].join('\n'),
  ])
})

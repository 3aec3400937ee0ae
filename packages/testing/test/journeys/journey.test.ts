import { expect, test } from 'vitest'
import { messageJourneys } from '../../src/journeys/journey.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { at, attempt, link, messaging } from '../journey-story.ts'
import { story } from '../story.ts'

const journeysOf = (...spans: RecordedSpan[]) => messageJourneys(spans)
const namesOf = (spans: readonly { readonly node: { readonly span: RecordedSpan } }[]) =>
  spans.map(({ node }) => node.span.spanId)

test('a send, its attempts and its dead letter are one journey', () => {
  const journeys = messageJourneys(story)
  expect(journeys).toHaveLength(1)
  expect(journeys[0]!.creation?.span.name).toBe('send orders')
  expect(journeys[0]!.attempts.map(({ node }) => node.span.name)).toEqual([
    'process orders',
    'process orders',
    'process orders',
    'process orders-dead',
  ])
})

test('an attempt is led to its send by a parent, by a link, or by both', () => {
  const send = messaging('s', 'send', 'orders', { attributes: at(42) })
  const both = attempt('b', send, 1)
  const parent = attempt('p', send, 2, { links: [] })
  const linked = messaging('l', 'process', 'orders', {
    traceId: 'b',
    startTime: 30,
    links: [link(undefined, send)],
    attributes: at(42),
  })
  const [journey] = journeysOf(send, both, parent, linked)
  expect(journey!.attempts.map(({ via }) => via)).toEqual(['both', 'parent', 'link'])
})

test('messages of a bulk send are told apart, and share their send', () => {
  const send = messaging('s', 'send', 'orders', { attributes: { 'messaging.batch.message_count': 2 } })
  const one = attempt('a', send, 1, { attributes: at(1) })
  const other = attempt('b', send, 1, { attributes: at(2) })
  const again = attempt('c', send, 2, { attributes: at(2), before: other })
  const journeys = journeysOf(send, one, other, again)
  expect(journeys.map(({ message, attempts, shared }) => [message, namesOf(attempts), shared])).toEqual([
    ['kafka orders/0@1', ['a'], true],
    ['kafka orders/0@2', ['b', 'c'], true],
  ])
})

test('a retry copy has another offset, and is the same message', () => {
  const send = messaging('s', 'send', 'orders', { attributes: at(1) })
  const first = attempt('a', send, 1, { attributes: at(1) })
  const move = messaging('m', 'send', 'orders', {
    kind: 'client',
    parentSpanId: 'a',
    startTime: 12,
    links: [link('creation', send)],
    attributes: at(7),
  })
  const second = attempt('b', send, 2, { attributes: at(7), before: first })
  const [journey, ...more] = journeysOf(second, move, first, send)
  expect(more).toEqual([])
  expect(namesOf(journey!.attempts)).toEqual(['a', 'b'])
  expect(journey!.moves.map(({ span }) => span.spanId)).toEqual(['m'])
})

test('every consumer group that handles a message belongs to its journey', () => {
  const send = messaging('s', 'send', 'orders', { attributes: at(1) })
  const groups = ['billing', 'mailing'].map((group, index) =>
    attempt(group, send, 1, {
      startTime: 10 + index,
      attributes: { ...at(1), 'messaging.consumer.group.name': group },
    }),
  )
  const [journey, ...more] = journeysOf(send, ...groups)
  expect(more).toEqual([])
  expect(namesOf(journey!.attempts)).toEqual(['billing', 'mailing'])
})

test('an attempt comes after the one that it links, also if another clock started it before', () => {
  const send = messaging('s', 'send', 'orders', { attributes: at(1) })
  const first = attempt('a', send, 1, { startTime: 30, attributes: at(1) })
  const second = attempt('b', send, 2, { startTime: 20, attributes: at(1), before: first })
  const third = attempt('c', send, 3, { startTime: 10, attributes: at(1), before: second })
  const [journey] = journeysOf(third, send, first, second)
  expect(namesOf(journey!.attempts)).toEqual(['a', 'b', 'c'])
})

test('attempts that link each other in a circle are all there', () => {
  const send = messaging('s', 'send', 'orders', { attributes: at(1) })
  const first = attempt('a', send, 1, { attributes: at(1) })
  const second = attempt('b', send, 2, { attributes: at(1), before: first })
  const circle = { ...first, links: [...first.links, link('previous_attempt', second)] }
  const [journey] = journeysOf(send, circle, second)
  expect(namesOf(journey!.attempts).toSorted()).toEqual(['a', 'b'])
})

test('a send that nobody handled is a journey without attempts', () => {
  expect(journeysOf(messaging('s', 'send', 'orders'))).toMatchObject([
    { message: 'a message to orders', attempts: [], moves: [], shared: false },
  ])
})

test('a message that is sent while another one is handled has a journey of its own', () => {
  const order = messaging('s', 'send', 'orders', { attributes: at(1) })
  const handled = attempt('a', order, 1, { attributes: at(1) })
  const invoice = messaging('i', 'send', 'invoices', { parentSpanId: 'a', startTime: 11 })
  const paid = messaging('p', 'process', 'invoices', { parentSpanId: 'i', startTime: 20 })
  const journeys = journeysOf(order, handled, invoice, paid)
  expect(journeys.map(({ creation, attempts }) => [creation?.span.spanId, namesOf(attempts)])).toEqual([
    ['s', ['a']],
    ['i', ['p']],
  ])
})

test('a receive span that links the send leads the handling below it to the send', () => {
  const send = messaging('s', 'send', 'orders', { attributes: { 'messaging.message.id': 'm-1' } })
  const other = messaging('o', 'send', 'orders', { attributes: { 'messaging.message.id': 'm-2' } })
  const receive = messaging('r', 'receive', 'orders', {
    traceId: 'b',
    attributes: { 'messaging.batch.message_count': 2 },
    links: [
      { ...link(undefined, other), attributes: { 'messaging.message.id': 'm-2' } },
      { ...link(undefined, send), attributes: { 'messaging.message.id': 'm-1' } },
    ],
  })
  const handled = messaging('p', 'process', 'orders', {
    traceId: 'b',
    parentSpanId: 'r',
    startTime: 10,
    attributes: { 'messaging.message.id': 'm-1' },
  })
  const journey = journeysOf(send, other, receive, handled).find(({ attempts }) => attempts.length > 0)
  expect(journey).toMatchObject({ message: 'kafka m-1' })
  expect(journey!.attempts[0]!.creation?.span.spanId).toBe('s')
})

test('two messages of a batch that failed stay two messages', () => {
  const sends = [1, 2].map((offset) =>
    messaging(`s${offset}`, 'send', 'orders', { traceId: `t${offset}`, attributes: at(offset) }),
  )
  const batch = messaging('b', 'process', 'orders', {
    traceId: 'b',
    startTime: 5,
    links: sends.map((send) => link('message', send)),
    attributes: { 'messaging.batch.message_count': 2 },
  })
  const retries = sends.map((send, index) =>
    attempt(`r${index}`, send, 2, { attributes: at(index + 1), before: batch }),
  )
  expect(journeysOf(...sends, batch, ...retries).map(({ message, attempts }) => [message, namesOf(attempts)])).toEqual([
    ['kafka orders/0@1', ['r0']],
    ['kafka orders/0@2', ['r1']],
  ])
})

test('two topics of one template are two topics, each with its own positions', () => {
  const template = { 'messaging.destination.template': 'orders-{country}', ...at(2) }
  const sends = ['orders-at', 'orders-de'].map((topic) =>
    messaging(topic, 'send', topic, { traceId: topic, attributes: template }),
  )
  const handled = sends.map((send) =>
    messaging(`${send.spanId} handled`, 'process', send.spanId, {
      traceId: `of ${send.spanId}`,
      startTime: 5,
      attributes: template,
    }),
  )
  expect(journeysOf(...sends, ...handled).map(({ message, attempts }) => [message, namesOf(attempts)])).toEqual([
    ['kafka orders-at/0@2', ['orders-at handled']],
    ['kafka orders-de/0@2', ['orders-de handled']],
  ])
})

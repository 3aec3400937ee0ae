import { expect, test } from 'vitest'
import type { RecordedSpan } from '../../src/spans/span.ts'
import type { Journal } from '../../src/watch/journal.ts'
import type { JourneySummary } from '../../src/watch/protocol.ts'
import { at, attempt, link, messaging } from '../journey-story.ts'
import { later, story as order } from '../story.ts'
import { journalWith } from './journal-with.ts'
import { journeyOf, traceOf } from './journey-of.ts'

const journalOf = (spans: readonly RecordedSpan[], quiet = 0) => {
  const journal = journalWith({ quiet })
  journal.add(spans)
  return journal
}

/** What the list says after everything has been looked at. */
function summaries(spans: readonly RecordedSpan[], quiet = 0): readonly JourneySummary[] {
  const journal = journalOf(spans, quiet)
  while (journal.advance()) {
    // There may be more.
  }
  return journal.everything().journeys
}

const send = messaging('s', 'send', 'orders', { traceId: traceOf(1), attributes: at(7) })
const outcome = (value: string) => ({ 'tracebaton.delivery.outcome': value, ...at(7) })
const failing = attempt('1', send, 1, { status: 'error', attributes: outcome('requeued') })
const second = attempt('2', send, 2, { before: failing, attributes: outcome('acked') })
const rejected = attempt('2', send, 2, { before: failing, status: 'error', attributes: outcome('dead_lettered') })
const ofGroup = (span: RecordedSpan, group: string): RecordedSpan => ({
  ...span,
  attributes: { ...span.attributes, 'messaging.consumer.group.name': group },
})
const dead = messaging('d', 'process', 'orders-dead', {
  traceId: traceOf(2),
  attributes: { 'tracebaton.delivery.kind': 'dead_letter', 'tracebaton.delivery.attempt': 1 },
  links: [link('previous_attempt', rejected), link('creation', send)],
  startTime: 50,
})

test.each([
  ['waiting', [send]],
  ['retrying', [send, failing]],
  ['recovered', [send, failing, second]],
  ['dead', [send, failing, rejected]],
  ['dead', [send, failing, rejected, dead]],
  ['ok', [send, attempt('1', send, 1)]],
  ['failed', [send, attempt('1', send, 1, { status: 'error' })]],
  ['failed', [messaging('x', 'send', 'orders', { status: 'error' }), ...journeyOf(9)].slice(0, 1)],
  [
    'failed',
    [send, ofGroup(attempt('1', send, 1, { status: 'error' }), 'mails'), ofGroup(attempt('2', send, 1), 'stock')],
  ],
] as const)('a journey is %s', (state, spans) => {
  expect(summaries(spans)).toMatchObject([{ state }])
})

test('the list says what happened to a message', () => {
  expect(summaries(order)).toMatchObject([
    {
      title: 'POST /orders',
      message: 'a message to orders',
      state: 'dead',
      duration: '529 ms',
      spans: 6,
      services: ['shop', 'billing', 'mailer'],
      attempts: 3,
      waited: '200 ms',
      result: 'TimeoutError → dead_lettered',
    },
  ])
})

test('the filter finds names, ids and short values', () => {
  const [summary] = summaries([{ ...send, attributes: { ...send.attributes, 'order.id': 'A-1042' } }])
  for (const text of ['send orders', 'shop', 'a-1042', traceOf(1), 'orders/0@7']) expect(summary?.text).toContain(text)
})

test('the rules judge a journey once it has been quiet', async () => {
  const lost = messaging('l', 'process', 'orders', { traceId: traceOf(3), attributes: at(7), startTime: 20 })
  const journal = journalOf([send, lost], 1000)
  expect(journal.advance()?.journeys).toMatchObject([{ findings: undefined, problem: '' }])
  expect(journal.advance()).toBeUndefined()
  await expect
    .poll(() => journal.advance()?.journeys, { timeout: 8000 })
    .toMatchObject([{ findings: 1, problem: expect.stringContaining('is not connected to send orders') }])
  expect(journal.detail(traceOf(3))?.findings).toMatchObject([{ rule: 'connected', row: 1 }])
})

test('a call for several messages is judged with what it links', () => {
  const [one, two] = [journeyOf(1), journeyOf(2)]
  const batch = messaging('b', 'process', 'orders', {
    traceId: traceOf(4),
    links: [...one.slice(0, 1), ...two.slice(0, 1)].map((span) => link('creation', span)),
    attributes: { 'messaging.batch.message_count': 2 },
    startTime: 5,
  })
  expect(summaries([...one, ...two, batch]).map(({ findings }) => findings)).toEqual([0, 0, 0])
})

/** What the rules find in each journey after everything has been looked at. */
function found(journal: Journal): (number | undefined)[] {
  while (journal.advance()) {
    // There may be more.
  }
  return journal.everything().journeys.map(({ findings }) => findings)
}

const batchOf = (...numbers: readonly number[]): RecordedSpan =>
  messaging('b', 'process', 'orders', {
    traceId: traceOf(999),
    links: numbers.flatMap((number) => journeyOf(number).slice(0, 1)).map((span) => link('creation', span)),
    attributes: { 'messaging.batch.message_count': numbers.length },
    startTime: 5,
  })

test('a batch that comes before its messages is judged again with each of them', () => {
  const journal = journalOf([batchOf(1, 2)])
  expect(found(journal)).toEqual([2])
  journal.add(journeyOf(1))
  expect(found(journal)).toEqual([1, 0])
  journal.add(journeyOf(2).slice(1))
  expect(found(journal)).toEqual([1, 0, 2])
  journal.add(journeyOf(2))
  expect(found(journal)).toEqual([0, 0, 0])
})

test('a message that was handled in a batch is not said to wait', () => {
  const failed = { ...batchOf(1, 2), status: 'error' } as const
  for (const spans of [[batchOf(1)], [failed]]) {
    for (const given of [
      [...spans, ...journeyOf(1).slice(0, 1)],
      [...journeyOf(1).slice(0, 1), ...spans],
    ]) {
      const journal = journalOf(given)
      found(journal)
      expect(journal.detail(traceOf(1))).toMatchObject({
        summary: { state: spans[0] === failed ? 'failed' : 'ok' },
        batches: [{ role: 'handled in', text: 'process orders', journey: traceOf(999) }],
      })
    }
  }
})

test('a message that its batch does not link is found where the batch is a journey of its own', () => {
  const [sent, handled] = journeyOf(2) as [RecordedSpan, RecordedSpan]
  const member = { ...handled, links: [link('creation', sent), link('batch', batchOf(1))] }
  expect(found(journalOf([batchOf(1), ...journeyOf(1), sent, member]))).toEqual([0, 0, 1])
})

test('what a batch links is not said to be missing because it was let go', () => {
  const journal = journalWith({ keep: 2 })
  for (const number of [1, 2, 3]) journal.add(journeyOf(number))
  journal.add([batchOf(1, 8)])
  expect(found(journal)).toEqual([0, 1])
  expect(journal.detail(traceOf(999))?.rows[0]?.links).toMatchObject([
    { missing: 'no longer kept' },
    { missing: 'not recorded' },
  ])
})

test('a journey of which not all spans are kept is not judged', () => {
  const [first, ...attempts] = journeyOf(1, 500)
  const journal = journalOf([...attempts, first] as RecordedSpan[])
  expect(found(journal)).toEqual([undefined])
  expect(journal.detail(traceOf(1))).toMatchObject({ partial: true, findings: [] })
})

test('what was found in a journey is taken back when it grows beyond what is kept', () => {
  const [first, ...attempts] = journeyOf(1, 500)
  const journal = journalOf(attempts.slice(0, 2))
  expect(found(journal)).toEqual([expect.toSatisfy((count: number) => count > 0)])
  journal.add([...attempts.slice(2), first] as RecordedSpan[])
  expect(found(journal)).toEqual([undefined])
})

test('a span that comes while it is open, and again when it has ended, is judged as the ended one', () => {
  const open = journeyOf(1).map((span) =>
    Object.fromEntries(Object.entries(span).filter(([name]) => name !== 'endTime')),
  ) as unknown as RecordedSpan[]
  const journal = journalOf(open)
  expect(found(journal)).toEqual([2])
  journal.add(journeyOf(1))
  journal.add(open)
  expect(found(journal)).toEqual([0])
})

test('a reader hears of what has changed, and of what is gone', () => {
  const journal = journalWith({ keep: 2, quiet: 60_000 })
  journal.add([1, 2].flatMap((number) => journeyOf(number)))
  expect(journal.advance()?.journeys.map(({ id }) => id)).toEqual([traceOf(1), traceOf(2)])
  journal.add(journeyOf(3))
  expect(journal.advance()).toMatchObject({
    gone: [traceOf(1)],
    journeys: [{ id: traceOf(3) }],
    counts: { limit: 2, dropped: 1, spans: 6 },
  })
  expect(journal.everything().journeys.map(({ id }) => id)).toEqual([traceOf(2), traceOf(3)])
})

test('a journey is found by any of its traces, and its links lead to rows or to other journeys', () => {
  const journal = journalOf([...order.map((span) => later(span, 0)), ...journeyOf(1)])
  const detail = journal.detail(order[5]?.traceId ?? '')
  expect(detail?.summary.title).toBe('POST /orders')
  expect(detail?.rows.map(({ name, level }) => [name, level])).toEqual([
    ['POST /orders', 0],
    ['send orders', 1],
    ['process orders', 2],
    ['process orders', 2],
    ['process orders', 2],
    ['process orders-dead', 0],
  ])
  expect(detail?.rows[5]?.links).toMatchObject([
    { role: 'last attempt', text: 'process orders attempt 3', row: 4 },
    { role: 'creation', text: 'send orders', row: 1 },
  ])
  expect(detail?.attempts.map(({ number, outcome: became }) => [number, became])).toEqual([
    ['1 of 3', 'requeued'],
    ['2 of 3', 'requeued'],
    ['3 of 3', 'dead lettered'],
    ['1', 'acked'],
  ])
  expect(journal.detail('unknown')).toBeUndefined()
})

test('a journey says it where the clocks of its hosts differ', () => {
  const early = order.map((span) => (span.service === 'shop' ? later(span, 50) : span))
  const [one, other] = [order, early].map((spans) => journalOf(spans).detail(order[0]!.traceId)?.clocks)
  expect([one, other]).toEqual(['', 'clocks differ by 42 ms or more'])
})

test('a link of a batch leads to the journey of its message', () => {
  const batch = messaging('b', 'process', 'orders', {
    traceId: traceOf(4),
    links: [1, 2].map((number) => ({
      traceId: traceOf(number),
      spanId: `${number}s`,
      role: 'creation',
      attributes: {},
    })),
    attributes: { 'messaging.batch.message_count': 2 },
  })
  const journal = journalOf([...journeyOf(1), batch])
  expect(journal.detail(traceOf(4))?.rows[0]?.links).toMatchObject([
    { role: 'creation', text: 'send orders in another journey', journey: traceOf(1) },
    { role: 'creation', text: `${traceOf(2)}/2s`, missing: 'not recorded' },
  ])
})

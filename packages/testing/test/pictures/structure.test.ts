import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { structure } from '../../src/pictures/structure.ts'
import { forest } from '../any-spans.ts'
import { spanOf } from '../span-of.ts'
import { later, linkTo, notEnded, story, unlinked } from '../story.ts'

/** The same story in another run: other ids, other times, another order. */
function again(spans: readonly RecordedSpan[], salt: string): RecordedSpan[] {
  const other = <T extends { readonly traceId: string; readonly spanId: string }>(ids: T): T => ({
    ...ids,
    traceId: ids.traceId + salt,
    spanId: ids.spanId + salt,
  })
  return spans
    .map((span) => ({
      ...other(later(span, 777)),
      ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId + salt }),
      links: span.links.map(other).toReversed(),
    }))
    .toReversed()
}

test('a story is its spans, their relations, attempts and outcomes', () => {
  expect(`\n${structure(story)}`).toMatchInlineSnapshot(`
    "
    trace
      POST /orders (server, shop)
        send orders (producer, shop)
          process orders (consumer, billing) · attempt 1/3 · TimeoutError → requeued
            ⤷ creation: send orders (producer, shop)
          process orders (consumer, billing) · attempt 2/3 · TimeoutError → requeued
            ⤷ creation: send orders (producer, shop)
            ⤷ previous_attempt: process orders (consumer, billing) · attempt 1/3 · TimeoutError → requeued
          process orders (consumer, billing) · attempt 3/3 · TimeoutError → dead_lettered
            ⤷ creation: send orders (producer, shop)
            ⤷ previous_attempt: process orders (consumer, billing) · attempt 2/3 · TimeoutError → requeued
    trace
      process orders-dead (consumer, mailer) · attempt 1 · dead_letter → acked
        ⤷ creation: send orders (producer, shop)
        ⤷ previous_attempt: process orders (consumer, billing) · attempt 3/3 · TimeoutError → dead_lettered
    "
  `)
})

test('ids, times and the order of spans make no difference', () => {
  expect(structure(again(story, '7'))).toBe(structure(story))
})

test('a lost link, another outcome, an open span and a missing one do', () => {
  const shapes = [
    story,
    story.map((span) => (span.name === 'process orders-dead' ? unlinked(span) : span)),
    story.map((span) => ({ ...span, attributes: { ...span.attributes, 'tracebaton.delivery.outcome': 'acked' } })),
    story.map(notEnded),
    story.slice(1),
    story.map((span) => ({ ...span, service: 'other' })),
  ].map((spans) => structure(spans))
  expect(new Set(shapes).size).toBe(shapes.length)
})

test('stories of the same shape are written once, with their number', () => {
  const text = structure([...story, ...again(story, '1'), ...again(story, '2')])
  expect(text).toBe(`×3\n${structure(story)}`)
  const siblings = ['1', '2', '3'].map((spanId) => spanOf({ name: 'GET /stock', spanId, parentSpanId: '0' }))
  const check = spanOf({ name: 'check', spanId: '0' })
  expect(structure([check, ...siblings])).toContain('    3 × GET /stock')
  const [first, ...others] = siblings
  const linked = { ...first!, links: [linkTo('creation', 'gone')] }
  expect(structure([check, linked, ...others])).toContain('    2 × GET /stock')
})

test('what is masked makes no difference', () => {
  const [one, other] = ['reply-1', 'reply-2'].map((name) => [spanOf({ name: `send ${name}`, spanId: '1' })])
  expect(structure(one ?? [])).not.toBe(structure(other ?? []))
  const options = { mask: [/reply-\d/g] }
  expect(structure(one ?? [], options)).toBe(structure(other ?? [], options))
  expect(structure(one ?? [], options)).toContain('send * (internal, shop)')
})

test('no spans are no problem, and neither are strange ones and deep ones', { timeout: 30_000 }, () => {
  expect(structure([])).toBe('')
  fc.assert(
    fc.property(forest, (spans) => structure(spans).length >= 0),
    { numRuns: 100 },
  )
  const chain = Array.from({ length: 3000 }, (_, index) =>
    spanOf({ name: 'x', spanId: String(index), ...(index > 0 ? { parentSpanId: String(index - 1) } : {}) }),
  )
  expect(structure(chain)).toContain('x (internal, shop)')
})

import { TraceFlags, type SpanContext } from '@opentelemetry/api'
import type { Lineage } from '../../src/wire/history.ts'
import { describe, expect, it } from 'vitest'
import type { Trust } from '../../src/base/policy.ts'
import { believe, linksOf, parentOf, type Belief, type Situation } from '../../src/verdict/relation.ts'
import { spanContext } from '../sample.ts'

const creation = spanContext('c')
const other = spanContext('e')
const previousAttempt = spanContext('a')
const fresh: Lineage = { creation, attempt: 3, firstSent: 1, kind: 'delayed', previousAttempt, relation: 'link' }
const stale: Lineage = { ...fresh, creation: other }
const flagless = (context: SpanContext): SpanContext => ({ ...context, traceFlags: TraceFlags.NONE })

describe('A. what is believed', () => {
  const rows: readonly [Trust, string, SpanContext | undefined, Lineage | undefined, Belief][] = [
    ['full', 'nothing', undefined, undefined, {}],
    ['full', 'a context', creation, undefined, { creation }],
    ['full', 'a context and fresh lineage', creation, fresh, { creation, previousAttempt, lineage: fresh }],
    ['full', 'a context and stale lineage', creation, stale, { creation, origin: other }],
    ['full', 'lineage without a context', undefined, stale, { origin: other }],
    ['link-only', 'nothing', undefined, undefined, { decides: false }],
    ['link-only', 'a context', creation, undefined, { creation: flagless(creation), decides: false }],
    [
      'link-only',
      'a context and fresh lineage',
      creation,
      fresh,
      { creation: flagless(creation), previousAttempt: flagless(previousAttempt), decides: false },
    ],
    [
      'link-only',
      'a context and stale lineage',
      creation,
      stale,
      { creation: flagless(creation), origin: flagless(other), decides: false },
    ],
    ['link-only', 'lineage without a context', undefined, stale, { origin: flagless(other), decides: false }],
    ['ignore', 'nothing', undefined, undefined, {}],
    ['ignore', 'a context', creation, undefined, {}],
    ['ignore', 'a context and fresh lineage', creation, fresh, {}],
    ['ignore', 'a context and stale lineage', creation, stale, {}],
    ['ignore', 'lineage without a context', undefined, stale, {}],
  ]

  it.each(rows)('%s: of %s', (trust, _, context, lineage, belief) => {
    expect(believe(trust, context, lineage)).toEqual(belief)
  })

  it('takes lineage as fresh whatever the flags say, because they are not part of a span’s identity', () => {
    expect(believe('full', flagless(creation), fresh).lineage).toBe(fresh)
  })

  it('takes lineage of another span in the same trace as stale', () => {
    const sibling = { ...creation, spanId: other.spanId }
    expect(believe('full', sibling, fresh)).toEqual({ creation: sibling, origin: creation })
  })
})

describe('B. which parent', () => {
  const ordinary: Situation = {
    ambient: false,
    wholeBatch: false,
    trust: 'full',
    creation,
    relation: 'auto',
    wish: undefined,
    deadLetter: false,
    scheduled: false,
    age: 1_000,
    maxTraceAge: 60_000,
  }

  const rows: readonly { row: string; facts: Partial<Situation>; parent: ReturnType<typeof parentOf> }[] = [
    { row: '1 ambient', facts: { ambient: true, relation: 'auto' }, parent: 'ambient' },
    { row: '2 whole batch', facts: { wholeBatch: true }, parent: 'none' },
    { row: '3 nothing believed', facts: { creation: undefined }, parent: 'none' },
    { row: '3 link-only', facts: { trust: 'link-only' }, parent: 'none' },
    { row: '3 ignore', facts: { trust: 'ignore' }, parent: 'none' },
    { row: '4 consumer says child', facts: { relation: 'child' }, parent: 'creation' },
    { row: '4 consumer says link', facts: { relation: 'link' }, parent: 'none' },
    { row: '4 producer wishes child', facts: { wish: 'child' }, parent: 'creation' },
    { row: '4 producer wishes link', facts: { wish: 'link' }, parent: 'none' },
    { row: '5 dead letter', facts: { deadLetter: true }, parent: 'none' },
    { row: '5 scheduled', facts: { scheduled: true }, parent: 'none' },
    { row: '5 too old', facts: { age: 60_001 }, parent: 'none' },
    { row: '6 otherwise', facts: {}, parent: 'creation' },
  ]

  it.each(rows)('$row → $parent', ({ facts, parent }) => {
    expect(parentOf({ ...ordinary, ...facts })).toBe(parent)
  })

  const pairs = rows.flatMap((first, index) => rows.slice(index + 1).map((second) => ({ first, second })))

  it.each(pairs)('$first.row beats $second.row', ({ first, second }) => {
    expect(parentOf({ ...ordinary, ...second.facts, ...first.facts })).toBe(first.parent)
  })

  it('asks what the consumer set before the ambient span', () => {
    expect(parentOf({ ...ordinary, ambient: true, relation: 'child' })).toBe('creation')
    expect(parentOf({ ...ordinary, ambient: true, relation: 'link' })).toBe('none')
  })

  it('keeps the parent up to the greatest age, and where the age is unknown', () => {
    expect(parentOf({ ...ordinary, age: 60_000 })).toBe('creation')
    expect(parentOf({ ...ordinary, age: undefined })).toBe('creation')
    expect(parentOf({ ...ordinary, age: 1e15, maxTraceAge: Number.POSITIVE_INFINITY })).toBe('creation')
  })

  it('does not ask the flags', () => {
    expect(parentOf({ ...ordinary, creation: flagless(creation) })).toBe('creation')
  })
})

describe('C. which links', () => {
  const relatives = [
    ['batch', spanContext('b')],
    ['previous_attempt', previousAttempt],
    ['origin', other],
    ['creation', creation],
  ] as const
  const subsets = Array.from({ length: 16 }, (_, bits) => relatives.filter((__, index) => (bits >> index) % 2 === 1))

  it.each(subsets.map((subset) => ({ roles: subset.map(([role]) => role).join(', ') || 'nothing', subset })))(
    'links $roles, in this order',
    ({ subset }) => {
      const known = new Map<string, SpanContext>(subset)
      const belief: Belief = { origin: known.get('origin'), creation: known.get('creation') }
      const links = linksOf(known.get('batch'), known.get('previous_attempt'), belief)
      expect(links).toEqual(subset.map(([role, context]) => ({ role, context })))
    },
  )
})

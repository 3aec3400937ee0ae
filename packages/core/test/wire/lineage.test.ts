import * as fc from 'fast-check'
import type { Lineage } from '../../src/wire/history.ts'
import { describe, expect, it } from 'vitest'
import { isFresh } from '../../src/verdict/relation.ts'
import { putBack, reasonOf } from '../../src/wire/history.ts'
import { formatLineage, parseLineage } from '../../src/wire/lineage.ts'
import { anyText } from '../any-text.ts'
import { firstField, movedField, readField } from '../field.ts'
import { P, spanContext, T } from '../sample.ts'

const creation = spanContext('c')
const previousAttempt = spanContext('a', 0)
const c = `c=${T}-${P}-01`

const LATEST = 999_999_999_999_999
const hex = (length: number) =>
  fc.bigInt({ min: 1n, max: 16n ** BigInt(length) - 1n }).map((id) => id.toString(16).padStart(length, '0'))
/** A field filled up with an unknown key. */
const padded = (length: number) => `1;${c};y=`.padEnd(length, 'y')

/** All that a moved copy can say. */
const FACTS = {
  attempt: 3,
  maxAttempts: 5,
  firstSent: 1_732_145_000_123,
  sent: 1_732_145_000_456,
  delay: 1_500,
  previousAttempt,
  kind: 'delayed',
  redrives: 1,
  deaths: '0badcafe',
  journey: spanContext('f'),
  relation: 'link',
} as const

const anyContext = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  traceFlags: fc.integer({ min: 0, max: 3 }),
  isRemote: fc.constant(true),
})
const count = fc.integer({ min: 1, max: 1_000_000 })
const time = fc.integer({ min: 0, max: LATEST })
const onAnyCopy = {
  maxAttempts: count,
  firstSent: time,
  sent: time,
  delay: time,
  previousAttempt: anyContext,
  redrives: count,
  deaths: hex(8),
  journey: anyContext,
  relation: fc.constantFrom<'child' | 'link'>('child', 'link'),
}
const anyKind = fc.constantFrom<NonNullable<Lineage['kind']>>('immediate', 'delayed', 'dead_letter', 'redrive')

const anyFirst: fc.Arbitrary<Lineage> = fc.record(onAnyCopy, { requiredKeys: [] })
const anyMoved: fc.Arbitrary<Lineage> = fc.oneof(
  fc.record({ ...onAnyCopy, kind: anyKind, attempt: count }, { requiredKeys: ['kind'] }),
  fc.record({ ...onAnyCopy, kind: anyKind, attempt: count }, { requiredKeys: ['attempt'] }),
)
const anyLineage = fc.oneof(anyFirst, anyMoved)

/** What is read back of a lineage that was written for a context. */
function readBack(lineage: Lineage, context: typeof creation): Lineage {
  const moved = lineage.kind !== undefined || lineage.attempt !== undefined
  return { ...lineage, ...(moved ? { creation: context } : { made: context.spanId.slice(8) }) }
}

describe('the codec', () => {
  it('writes every key of a moved copy in order, times in base 36, and reads them back', () => {
    const text =
      `1;c=${'c'.repeat(32)}-${'c'.repeat(16)}-01;a=3;m=5;f=m3qierwb;s=m3qies5k;d=15o;` +
      `p=${'a'.repeat(32)}-${'a'.repeat(16)}-00;k=delayed;n=1;x=0badcafe;j=${'f'.repeat(32)}-${'f'.repeat(16)}-01;r=link`
    expect(formatLineage(FACTS, creation)).toBe(text)
    expect(movedField(creation, FACTS)).toBe(text)
    expect(parseLineage(text)).toEqual({ creation, ...FACTS })
    expect(readField(text)).toMatchObject({ a: '3', f: FACTS.firstSent, s: FACTS.sent, d: FACTS.delay, k: 'delayed' })
  })

  it('names on a first copy the end of the span id alone', () => {
    const text = formatLineage({ sent: FACTS.sent }, { ...creation, spanId: '0123456789abcdef' })
    expect(text).toBe('1;b=89abcdef;s=m3qies5k')
    expect(text).toHaveLength(23)
    expect(parseLineage(text)).toEqual({ made: '89abcdef', sent: FACTS.sent })
  })

  it.each<[string, Lineage, 'b' | 'c']>([
    ['no move', {}, 'b'],
    ['times, a delay, a wish and a fingerprint', { sent: 1, delay: 2, relation: 'child', deaths: '00000000' }, 'b'],
    ['an attempt', { attempt: 1 }, 'c'],
    ['a kind', { kind: 'redrive' }, 'c'],
  ])('takes a copy with %s for a first one, or else for a moved one', (_, lineage, key) => {
    expect(formatLineage(lineage, creation).slice(0, 4)).toBe(`1;${key}=`)
  })

  it('reads what it writes, whatever is known', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, anyContext, (lineage, context) => {
        expect(parseLineage(formatLineage(lineage, context))).toEqual(readBack(lineage, context))
      }),
      { numRuns: 200 },
    )
  })

  it('reads what others write by the same rules', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, anyContext, (lineage, context) => {
        const moved = lineage.kind !== undefined || lineage.attempt !== undefined
        expect(formatLineage(lineage, context)).toBe((moved ? movedField : firstField)(context, lineage))
      }),
      { numRuns: 100 },
    )
  })

  it('does not ask for the order of the keys', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, anyContext, fc.infiniteStream(fc.nat()), (lineage, context, order) => {
        const [version = '', ...pairs] = formatLineage(lineage, context).split(';')
        const ranked = pairs.map((pair) => ({ pair, rank: order.next().value }))
        const shuffled = ranked.toSorted((left, right) => left.rank - right.rank).map(({ pair }) => pair)
        expect(parseLineage([version, ...shuffled].join(';'))).toEqual(readBack(lineage, context))
      }),
      { numRuns: 100 },
    )
  })

  it('never throws, and gives nothing but whole fields', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, fc.nat(280), anyText(4), fc.nat(4), (lineage, at, insert, remove) => {
        const text = formatLineage(lineage, creation)
        const parsed = parseLineage(text.slice(0, at) + insert + text.slice(at + remove))
        if (parsed === undefined) return
        const { creation: written = creation, made: _made, ...facts } = parsed
        expect(parseLineage(formatLineage(facts, written))).toMatchObject(facts)
      }),
      { numRuns: 1_000 },
    )
  })

  it('reads what was written for a message without a context, and takes it for no other', () => {
    const text = formatLineage({ attempt: 2, maxAttempts: 3, kind: 'delayed', delay: 1000 }, undefined)
    expect(text).toBe('1;a=2;m=3;d=rs;k=delayed')
    const lineage = parseLineage(text)!
    expect(lineage).toEqual({ attempt: 2, maxAttempts: 3, kind: 'delayed', delay: 1000 })
    expect(isFresh(lineage, undefined)).toBe(true)
    expect(isFresh(lineage, creation)).toBe(false)
  })

  it('takes no redrives for none', () => {
    expect(parseLineage(movedField(creation, { redrives: 0 }))).toEqual({ creation })
  })

  it('leaves numbers out that could not be read again', () => {
    const numbers = [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e15, 1e21]
    const none = formatLineage({ kind: 'delayed' }, creation)
    for (const value of numbers) {
      const lineage = {
        attempt: value,
        maxAttempts: value,
        firstSent: value,
        sent: value,
        delay: value,
        redrives: value,
      }
      expect(formatLineage({ kind: 'delayed', ...lineage }, creation)).toBe(none)
    }
    expect(formatLineage({ kind: 'delayed', attempt: 0, maxAttempts: 0, redrives: 0 }, creation)).toBe(none)
  })

  it('counts to 1,000,000 attempts, and writes and reads no more', () => {
    for (const key of ['attempt', 'maxAttempts', 'redrives'] as const) {
      const most = movedField(creation, { [key]: 1_000_000 })
      expect(parseLineage(most)?.[key]).toBe(1_000_000)
      expect(formatLineage({ kind: 'delayed', [key]: 1_000_000 }, creation)).toContain('=1000000')
      expect(parseLineage(movedField(creation, { [key]: 1_000_001 }))).toBeUndefined()
      expect(formatLineage({ kind: 'delayed', [key]: 1_000_001 }, creation)).not.toContain('=1000001')
    }
  })

  it('tells times to the last millisecond, and reads none beyond', () => {
    for (const [key, letter] of [
      ['firstSent', 'f'],
      ['sent', 's'],
      ['delay', 'd'],
    ] as const) {
      expect(parseLineage(movedField(creation, { [key]: LATEST }))?.[key]).toBe(LATEST)
      expect(parseLineage(movedField(creation, { [key]: 0 }))?.[key]).toBe(0)
      expect(parseLineage(movedField(creation, { unknown: `${letter}=${(LATEST + 1).toString(36)}` }))).toBeUndefined()
    }
  })

  it('rounds times to whole milliseconds', () => {
    const { firstSent, delay } = parseLineage(formatLineage({ firstSent: 1.6, delay: 0.2 }, creation)) ?? {}
    expect([firstSent, delay]).toEqual([2, 0])
  })

  it('writes at most 268 of the 320 bytes, all of them ASCII', () => {
    const longest = formatLineage(
      {
        attempt: 1_000_000,
        maxAttempts: 1_000_000,
        firstSent: LATEST,
        sent: LATEST,
        delay: LATEST,
        previousAttempt,
        kind: 'dead_letter',
        redrives: 1_000_000,
        deaths: 'ffffffff',
        journey: spanContext('f'),
        relation: 'child',
      },
      creation,
    )
    expect(Buffer.byteLength(longest)).toBe(268)
    expect(longest).toMatch(/^[ -~]+$/)
    expect(parseLineage(longest)).toBeDefined()
  })

  it('ignores unknown keys and drops them on rewrite', () => {
    const parsed = parseLineage(`1;zz=1;${c};a=2;x-y=a=b;A=3;q=4`)
    expect(parsed).toEqual({ creation: { ...creation, traceId: T, spanId: P }, attempt: 2 })
    expect(formatLineage(parsed ?? {}, parsed?.creation ?? creation)).toBe(`1;${c};a=2`)
  })

  it('reads a field of 320 bytes and none of 321', () => {
    expect(parseLineage(padded(320))).toBeDefined()
    expect(parseLineage(padded(321))).toBeUndefined()
  })

  it.each([
    ['empty', ''],
    ['without version', c],
    ['of the version before', `0;${c}`],
    ['of a later version', `2;${c}`],
    ['of a longer version', `10;${c}`],
    ['without an attempt', '1;'],
    ['the version alone', '1'],
    ['the version and no pair', '1;'],
    ['with a malformed creation context', `1;c=${T}-${P}`],
    ['with a creation context of zeros', `1;c=${'0'.repeat(32)}-${P}-01`],
    ['with an upper-case creation context', `1;c=${'A'.repeat(32)}-${P}-01`],
    ['with a span id that is too short', '1;b=89abcde'],
    ['with a span id that is too long', '1;b=89abcdef0'],
    ['with an upper-case span id', '1;b=89ABCDEF'],
    ['with a malformed previous attempt', `1;${c};p=${T}`],
    ['with a first send that is a trace alone', `1;${c};j=${T}`],
    ['with a malformed fingerprint', `1;${c};x=1`],
    ['with a key twice', `1;${c};a=1;a=1`],
    ['with the creation context twice', `1;${c};${c}`],
    ['with an unknown key twice', `1;${c};y=1;y=1`],
    ['with a longer unknown key twice', `1;${c};zz=1;zz=2`],
    ['with a key without value', `1;${c};a`],
    ['with an empty value', `1;${c};a=`],
    ['with an empty key', `1;${c};=1`],
    ['with an empty pair', `1;${c};;a=1`],
    ['with a pair unfinished', `1;${c};`],
    ['with attempt 0', `1;${c};a=0`],
    ['with 0 attempts allowed', `1;${c};m=0`],
    ['with a negative number', `1;${c};a=-1`],
    ['with a number of letters', `1;${c};a=1a`],
    ['with a fraction', `1;${c};f=1.5`],
    ['with a leading zero', `1;${c};a=02`],
    ['with a time with a leading zero', `1;${c};f=0z`],
    ['with an exponent', `1;${c};a=1e3`],
    ['with a time of 16 digits', `1;${c};f=1000000000000000`],
    ['with a time in upper case', `1;${c};f=M3QIERWB`],
    ['with a time of another sign', `1;${c};f=m3q_erwb`],
    ['with a time after the last', `1;${c};f={`],
    ['with a blank', `1;${c};a= 1`],
    ['with an unknown kind', `1;${c};k=first`],
    ['with an unknown relation', `1;${c};r=auto`],
  ])('reads nothing from a field %s', (_, text) => {
    expect(parseLineage(text)).toBeUndefined()
  })

  it('is fresh on the context it was written for alone', () => {
    const moved: Lineage = { creation }
    expect(isFresh(moved, { ...creation, traceFlags: 0 })).toBe(true)
    expect(isFresh(moved, { ...creation, traceId: 'd'.repeat(32) })).toBe(false)
    expect(isFresh(moved, previousAttempt)).toBe(false)
    expect(isFresh(moved, undefined)).toBe(false)
  })

  it('is fresh on a first copy while the span id ends the same', () => {
    const first: Lineage = { made: 'cccccccc' }
    expect(isFresh(first, creation)).toBe(true)
    expect(isFresh(first, { ...creation, spanId: 'cccccccccccccccd' })).toBe(false)
    expect(isFresh(first, { ...creation, spanId: 'ccccccccdddddddd' })).toBe(false)
    expect(isFresh(first, undefined)).toBe(false)
  })
})

describe('a dead letter', () => {
  it.each<[Lineage, ReturnType<typeof reasonOf>]>([
    [{ kind: 'dead_letter' }, 'dead_letter'],
    [{ kind: 'dead_letter', attempt: 1, delay: 500 }, 'dead_letter'],
    [{ kind: 'dead_letter', attempt: 2 }, 'immediate'],
    [{ kind: 'dead_letter', attempt: 2, delay: 500 }, 'delayed'],
    [{ kind: 'redrive', attempt: 1 }, 'redrive'],
    [{}, undefined],
  ])('says why there is this copy: %j is %s', (lineage, reason) => {
    expect(reasonOf(lineage)).toBe(reason)
  })

  it('that was put back is as if it had been sent back, whatever was tried meanwhile', () => {
    const tried: Lineage = { creation, kind: 'dead_letter', attempt: 3, maxAttempts: 5, delay: 500, previousAttempt }
    expect(putBack(tried)).toEqual({ creation, kind: 'redrive', attempt: 1, redrives: 1, previousAttempt })
    expect(putBack({ ...tried, redrives: 1 }).redrives).toBe(2)
  })
})

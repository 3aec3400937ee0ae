import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLineage, isFresh, parseLineage, type Lineage } from '../../src/wire/lineage.ts'
import { anyText } from '../any-text.ts'
import { P, spanContext, T } from '../sample.ts'

const creation = spanContext('c')
const previousAttempt = spanContext('a', 0)
const c = `c=${T}-${P}-01`

const ids = (digit: string) => `${digit.repeat(32)}-${digit.repeat(16)}`
const hex = (length: number) =>
  fc.bigInt({ min: 1n, max: 16n ** BigInt(length) - 1n }).map((id) => id.toString(16).padStart(length, '0'))
/** A field filled up with an unknown key. */
const padded = (length: number) => `0;${c};x=`.padEnd(length, 'y')

describe('the codec', () => {
  it('writes every key and reads them back', () => {
    const lineage: Lineage = {
      creation,
      attempt: 3,
      maxAttempts: 5,
      firstSent: 1_732_145_000_123,
      sent: 1_732_145_000_456,
      delay: 1_500,
      previousAttempt,
      kind: 'delayed',
      redrives: 1,
      relation: 'link',
    }
    const text = `0;c=${ids('c')}-01;a=3;m=5;f=1732145000123;s=1732145000456;d=1500;p=${ids('a')}-00;k=delayed;n=1;r=link`
    expect(formatLineage(lineage)).toBe(text)
    expect(parseLineage(text)).toEqual(lineage)
  })

  const anyContext = fc.record({
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: fc.integer({ min: 0, max: 3 }),
    isRemote: fc.constant(true),
  })
  const count = fc.integer({ min: 1, max: 999_999_999_999_999 })
  const anyLineage: fc.Arbitrary<Lineage> = fc.record(
    {
      creation: anyContext,
      attempt: count,
      maxAttempts: count,
      firstSent: fc.integer({ min: 0, max: 999_999_999_999_999 }),
      sent: fc.integer({ min: 0, max: 999_999_999_999_999 }),
      delay: fc.integer({ min: 0, max: 999_999_999_999_999 }),
      previousAttempt: anyContext,
      kind: fc.constantFrom('immediate', 'delayed', 'dead_letter', 'redrive'),
      redrives: count,
      relation: fc.constantFrom('child', 'link'),
    },
    { requiredKeys: ['creation'] },
  )

  it('reads what it writes, whatever is known', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, (lineage) => {
        expect(parseLineage(formatLineage(lineage))).toEqual(lineage)
      }),
      { numRuns: 100 },
    )
  })

  it('does not ask for the order of the keys', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, fc.infiniteStream(fc.nat()), (lineage, order) => {
        const [version = '', ...pairs] = formatLineage(lineage).split(';')
        const ranked = pairs.map((pair) => ({ pair, rank: order.next().value }))
        const shuffled = ranked.toSorted((left, right) => left.rank - right.rank).map(({ pair }) => pair)
        expect(parseLineage([version, ...shuffled].join(';'))).toEqual(lineage)
      }),
      { numRuns: 100 },
    )
  })

  it('never throws, and gives nothing but whole fields', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(anyLineage, fc.nat(260), anyText(4), fc.nat(4), (lineage, at, insert, remove) => {
        const text = formatLineage(lineage)
        const parsed = parseLineage(text.slice(0, at) + insert + text.slice(at + remove))
        expect(parsed && parseLineage(formatLineage(parsed))).toEqual(parsed)
      }),
      { numRuns: 1_000 },
    )
  })

  it('takes no redrives for none', () => {
    expect(parseLineage(`${formatLineage({ creation })};n=0`)).toEqual({ creation })
  })

  it('leaves numbers out that could not be read again', () => {
    const numbers = [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e15, 1e21]
    for (const value of numbers) {
      const lineage = {
        attempt: value,
        maxAttempts: value,
        firstSent: value,
        sent: value,
        delay: value,
        redrives: value,
      }
      expect(formatLineage({ creation, ...lineage })).toBe(formatLineage({ creation }))
    }
    expect(formatLineage({ creation, attempt: 0, maxAttempts: 0, redrives: 0 })).toBe(formatLineage({ creation }))
  })

  it('rounds times to whole milliseconds', () => {
    const { firstSent, delay } = parseLineage(formatLineage({ creation, firstSent: 1.6, delay: 0.2 })) ?? {}
    expect([firstSent, delay]).toEqual([2, 0])
  })

  it('writes at most 241 of the 256 bytes, all of them ASCII', () => {
    const most = 999_999_999_999_999
    const longest = formatLineage({
      creation,
      attempt: most,
      maxAttempts: most,
      firstSent: most,
      sent: most,
      delay: most,
      previousAttempt,
      kind: 'dead_letter',
      redrives: most,
      relation: 'child',
    })
    expect(Buffer.byteLength(longest)).toBe(241)
    expect(longest).toMatch(/^[ -~]+$/)
    expect(parseLineage(longest)).toBeDefined()
  })

  it('ignores unknown keys and drops them on rewrite', () => {
    const parsed = parseLineage(`0;zz=1;${c};a=2;x-y=a=b`)
    expect(parsed?.attempt).toBe(2)
    expect(parsed && formatLineage(parsed)).toBe(`0;${c};a=2`)
  })

  it('reads a field of 256 bytes and none of 257', () => {
    expect(parseLineage(padded(256))).toBeDefined()
    expect(parseLineage(padded(257))).toBeUndefined()
  })

  it.each([
    ['empty', ''],
    ['without version', c],
    ['of another version', `1;${c}`],
    ['of a longer version', `00;${c}`],
    ['without creation context', '0;a=2'],
    ['the version alone', '0'],
    ['with a malformed creation context', `0;c=${T}-${P}`],
    ['with a creation context of zeros', `0;c=${'0'.repeat(32)}-${P}-01`],
    ['with an upper-case creation context', `0;c=${'A'.repeat(32)}-${P}-01`],
    ['with a malformed previous attempt', `0;${c};p=${T}`],
    ['with a key twice', `0;${c};a=1;a=1`],
    ['with the creation context twice', `0;${c};${c}`],
    ['with an unknown key twice', `0;${c};x=1;x=1`],
    ['with a key without value', `0;${c};a`],
    ['with an empty value', `0;${c};a=`],
    ['with an empty key', `0;${c};=1`],
    ['with an empty pair', `0;${c};;a=1`],
    ['with a pair unfinished', `0;${c};`],
    ['with attempt 0', `0;${c};a=0`],
    ['with 0 attempts allowed', `0;${c};m=0`],
    ['with a negative number', `0;${c};a=-1`],
    ['with a fraction', `0;${c};f=1.5`],
    ['with a leading zero', `0;${c};a=02`],
    ['with an exponent', `0;${c};a=1e3`],
    ['with a number of 16 digits', `0;${c};f=1000000000000000`],
    ['with a blank', `0;${c};a= 1`],
    ['with an unknown kind', `0;${c};k=first`],
    ['with an unknown relation', `0;${c};r=auto`],
  ])('reads nothing from a field %s', (_, text) => {
    expect(parseLineage(text)).toBeUndefined()
  })

  it('is fresh on the context it was written for alone', () => {
    const lineage: Lineage = { creation }
    expect(isFresh(lineage, { ...creation, traceFlags: 0 })).toBe(true)
    expect(isFresh(lineage, previousAttempt)).toBe(false)
    expect(isFresh(lineage, undefined)).toBe(false)
  })
})

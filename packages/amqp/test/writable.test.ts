import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createWriter, isWritableProperty } from '../src/headers.ts'

type Table = Readonly<Record<string, unknown>>

const require = createRequire(import.meta.url)

/** The client's own codec. */
const codec = require(join(dirname(require.resolve('amqplib')), 'lib/codec.js')) as {
  decodeFields(bytes: Buffer): Table
  encodeTable(bytes: Buffer, table: Table, offset: number): number
}

/** Whether the client writes a table. */
function writes(table: Table): boolean {
  try {
    return codec.encodeTable(Buffer.alloc(65_536), table, 0) > 0
  } catch {
    return false
  }
}

const isWritable = (name: string, value: unknown): boolean => createWriter({}, Infinity)(name, value)

const bytes = (...parts: readonly (Buffer | string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part as number[]))))
const sized = (content: Buffer): Buffer => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(content.length)
  return Buffer.concat([size, content])
}
const entry = (name: Buffer, value: Buffer): Buffer => bytes([name.length], name, value)
const NAME = Buffer.from('h')
const deep = (depth: number): unknown => Array.from({ length: depth }).reduce((value) => [value], 1)

/** 64 bits of every kind: numbers at their limits, what is none, and patterns. */
const BITS: readonly Buffer[] = [
  0n,
  1n,
  2n ** 31n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  0x4320000000000001n,
  0x8000000080000000n,
  Number.NaN,
  Infinity,
  -Infinity,
  1e308,
  -1e308,
  -0,
  2 ** 50 + 0.25,
  2 ** 51 + 0.5,
  -(2 ** 63),
  -(2 ** 64),
].map((value) => {
  const bits = Buffer.alloc(8)
  if (typeof value === 'bigint') bits.writeBigUInt64BE(value)
  else bits.writeDoubleBE(value)
  return bits
})

/** Values of every kind that the client reads. */
function valuesOf(bits: Buffer): readonly Buffer[] {
  const values = Object.keys(SIZES).map((tag) => bytes(tag, bits))
  values.push(bytes('S', sized(Buffer.from([0xff, 0xfe, 0x41]))), bytes('x', sized(bits)), bytes('V'))
  return values.flatMap((value) => {
    const length = lengthOf(value)
    const whole = value.subarray(0, length)
    return [whole, bytes('A', sized(whole)), bytes('F', sized(entry(NAME, whole)))]
  })
}

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  d: 8,
  f: 4,
  l: 8,
  t: 1,
  T: 8,
  D: 5,
}
const lengthOf = (value: Buffer): number => 1 + (SIZES[String.fromCharCode(value[0]!)] ?? value.length)

describe('a header that the client has read', () => {
  test('counts as one that it writes exactly where it does', () => {
    let refused = 0
    for (const bits of BITS) {
      for (const value of valuesOf(bits)) {
        const table = codec.decodeFields(entry(NAME, value))
        const written = writes(table)
        if (!written) refused += 1
        expect([isWritable('h', table['h']), table]).toEqual([written, table])
      }
    }
    expect(refused).toBeGreaterThan(20)
  })

  test('may have a name that is longer as text than it was as bytes', () => {
    for (const [length, good] of [
      [85, true],
      [86, false],
    ] as const) {
      const table = codec.decodeFields(entry(Buffer.alloc(length, 0xff), bytes('V')))
      const [name = ''] = Object.keys(table)
      expect([isWritable(name, null), writes(table)]).toEqual([good, good])
    }
  })

  test.each([
    [{ '!': 'unknown', value: 1 }],
    [{ '!': 'timestamp', value: 'soon' }],
    [{ '!': 'decimal', value: { places: 256, digits: 1 } }],
    [{ '!': 'decimal', value: null }],
    [{ a: { '!': 7 } }],
  ])('may be a table that looks like a value with its type: %j', (value) => {
    expect([isWritable('h', value), writes({ h: value })]).toEqual([false, false])
  })

  test('is not written where it is deeper than the client could go', () => {
    expect([isWritable('h', deep(90)), isWritable('h', deep(10_000))]).toEqual([true, false])
  })
})

test('headers are kept as long as there is room in a frame beside the other properties', () => {
  const others = { messageId: 'm'.repeat(200), priority: 5, expiration: undefined }
  const isKept = createWriter(others, 1_000)
  const kept = [300, 300, 100, 10].map((size, index) => isKept(`h${index}`, 'x'.repeat(size)))
  expect(kept).toEqual([true, true, false, true])
  expect(createWriter({}, Infinity)('h', 'x'.repeat(70_000))).toBe(false)
  expect(createWriter({}, Infinity)('h', 'x'.repeat(60_000))).toBe(true)
})

test('other properties are texts of up to 255 bytes, and numbers', () => {
  expect(['x'.repeat(255), 0, 2 ** 53, undefined].map((value) => isWritableProperty('p', value))).not.toContain(false)
  expect(['\ufffd'.repeat(86), 2 ** 64, Number.NaN, -1].map((value) => isWritableProperty('p', value))).not.toContain(
    true,
  )
})

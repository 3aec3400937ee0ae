import { describe, expect, it } from 'vitest'
import { copyFields, Headers, recordGetter, recordSetter, removeFields, replaceFields } from '../../src/wire/carrier.ts'

const isField = (name: string) => ['traceparent', 'baggage'].includes(name.toLowerCase())

/** A message with one header. */
function holding(value: unknown): Headers {
  const read = new Headers(['a'])
  read.add('a', value)
  return read
}
const textsOf = (value: unknown) => holding(value).texts('a')

describe('decoding', () => {
  it.each([
    ['text', 'ä', ['ä']],
    ['bytes', new TextEncoder().encode('ä'), ['ä']],
    ['bytes inside a larger buffer', Buffer.from('xäx').subarray(1, 3), ['ä']],
    ['bytes inside a larger array', new TextEncoder().encode('xäx').subarray(1, 3), ['ä']],
    ['bytes that are no UTF-8', Uint8Array.of(0xff), ['\uFFFD']],
    ['an array of both', ['a', Buffer.from('b')], ['a', 'b']],
    ['nothing in an array', [null, undefined], []],
    ['a list in a list', ['a', ['b']], ['a', '']],
    ['a number', 7, ['']],
    ['an object', {}, ['']],
    ['an array buffer', new ArrayBuffer(2), ['']],
  ])('%s', (_, value, texts) => {
    expect(textsOf(value)).toEqual(texts)
  })
})

it('takes text and bytes beyond a given length for unreadable', () => {
  expect(['abc', Buffer.from('abc'), 'abcd', Buffer.from('abcd')].map((value) => holding(value).text('a', 3))).toEqual([
    'abc',
    'abc',
    '',
    '',
  ])
})

describe('replacing fields', () => {
  const fields = { traceparent: 'new' }
  const replace = (headers: Readonly<Record<string, unknown>> | null | undefined) =>
    replaceFields<unknown>(headers, fields, isField, (text) => Buffer.from(text))

  it('leaves exactly one of each, and the other headers in order with their values', () => {
    const bytes = Buffer.from([1, 255])
    const repeats = ['a', 'b']
    const headers = { z: bytes, TraceParent: 'old', a: repeats, BAGGAGE: 'old', traceparent: 'older', 7: 'number' }
    const copy = replace(headers)
    expect(copy['z']).toBe(bytes)
    expect(copy['a']).toBe(repeats)
    expect(Object.keys(copy)).toEqual(['7', 'z', 'a', 'traceparent'])
    expect(copy['traceparent']).toEqual(Buffer.from('new'))
  })

  it('only reads the caller’s, which may be frozen', () => {
    const headers = Object.freeze({ TraceParent: 'old', a: '1' })
    expect(replace(headers)).toEqual({ a: '1', traceparent: Buffer.from('new') })
    expect(headers).toEqual({ TraceParent: 'old', a: '1' })
  })

  it.each([[undefined], [null], [{}]])('makes headers where there are none: %j', (headers) => {
    expect(replace(headers)).toEqual({ traceparent: Buffer.from('new') })
  })

  it('reaches no prototype', () => {
    const headers = Object.fromEntries([['__proto__', 'x']])
    expect(Object.entries(replace(headers))).toContainEqual(['__proto__', 'x'])
    expect(replace(Object.create({ inherited: 1 }))).not.toHaveProperty('inherited')
  })
})

const copy = (entries: Iterable<readonly [string, readonly string[]]> | null | undefined) =>
  copyFields(entries, { traceparent: 'new', other: 'ours' }, isField, (text) => [text])

function* generated(): Generator<readonly [string, readonly string[]]> {
  yield ['a', ['1']]
  yield ['Baggage', ['old']]
}

describe('copying fields', () => {
  it('takes a Map, and gives what makes another one', () => {
    const headers = new Map([
      ['z', ['1', '2']],
      ['TraceParent', ['old']],
      ['other', ['theirs']],
      ['a', ['3']],
    ])
    const before = [...headers]
    expect([...new Map(copy(headers))]).toEqual([
      ['z', ['1', '2']],
      ['a', ['3']],
      ['traceparent', ['new']],
      ['other', ['ours']],
    ])
    expect([...headers]).toEqual(before)
  })

  it('keeps the repeats and the order of pairs, and the values themselves', () => {
    const value = ['1']
    const pairs = [
      ['tags', value],
      ['BAGGAGE', ['old']],
      ['traceparent', ['older']],
      ['tags', ['2']],
      ['traceparent', ['oldest']],
    ] as const
    const copied = copy(pairs)
    expect(copied.map(([name]) => name)).toEqual(['tags', 'tags', 'traceparent', 'other'])
    expect(copied[0]?.[1]).toBe(value)
  })

  it('takes anything that gives its entries when it is iterated', () => {
    expect(copy(generated()).map(([name]) => name)).toEqual(['a', 'traceparent', 'other'])
  })

  it.each([[undefined], [null], [[]]])('makes headers where there are none: %j', (entries) => {
    expect(copy(entries)).toEqual([
      ['traceparent', ['new']],
      ['other', ['ours']],
    ])
  })
})

describe('a plain object', () => {
  it('is read and written', () => {
    const carrier = { a: 1 }
    recordSetter.set(carrier, 'b', '2')
    expect([recordGetter.keys(carrier), recordGetter.get(carrier, 'b')]).toEqual([['a', 'b'], '2'])
    removeFields(carrier, (name) => name === 'a')
    expect(carrier).toEqual({ b: '2' })
  })

  it.each([[undefined], [null], ['text'], [7]])('is what %j is not', (carrier) => {
    expect([recordGetter.keys(carrier), recordGetter.get(carrier, 'length')]).toEqual([[], undefined])
    expect(() => recordSetter.set(carrier, 'a', '1')).not.toThrow()
    expect(() => removeFields(carrier, () => true)).not.toThrow()
  })
})

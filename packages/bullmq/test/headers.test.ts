import { resolveTracing } from '@tracebaton/core/adapter'
import { describe, expect, test } from 'vitest'
import { metadataGetter, readMetadata, writeMetadata } from '../src/headers.ts'
import { SCOPE } from '../src/scope.ts'

const tracing = resolveTracing(undefined, SCOPE)
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

/** What core makes of metadata. */
const statusOf = (metadata: unknown): string => {
  const fields = readMetadata(metadata)
  return fields === undefined ? 'malformed' : tracing.extract(fields).status
}

describe('reading metadata', () => {
  test.each([
    ['none', undefined],
    ['empty text', ''],
    ['what BullMQ writes for none', false],
    ['null', null],
    ['an empty object', '{}'],
    ['the fields of other tracers', '{"_datadog":{"traceparent":"00"},"sentry-trace":"1"}'],
  ])('there is no context in %s', (_, metadata) => {
    expect(statusOf(metadata)).toBe('absent')
  })

  test.each([
    ['text', 'not json'],
    ['the text null', 'null'],
    ['a list', `["${traceparent}"]`],
    ['a number', 42],
    ['an object that is no text', { traceparent }],
    ['a field that is no text', '{"traceparent":42}'],
    ['more than anybody would write', JSON.stringify({ traceparent, baggage: 'x'.repeat(100_000) })],
  ])('%s is a malformed context', (_, metadata) => {
    expect(statusOf(metadata)).toBe('malformed')
  })

  test('the fields of a JSON object are read, in any letter case', () => {
    expect(statusOf(JSON.stringify({ traceparent }))).toBe('present')
    expect(statusOf(JSON.stringify({ TraceParent: traceparent, region: 'north' }))).toBe('present')
  })
})

test.each([
  ['text', 'a', 'a'],
  ['a list', ['a', 'b'], ['a', 'b']],
  ['an object of texts, as JSON', { a: '1', b: 2 }, '{"a":"1","b":2}'],
  ['what is nested deeper, unread', { a: { b: 1 } }, { a: { b: 1 } }],
])('a propagator gets %s', (_, value, given) => {
  expect(metadataGetter.get({ field: value }, 'field')).toEqual(given)
})

describe('writing metadata', () => {
  test('replaces the fields, and keeps what else is there', () => {
    const before = JSON.stringify({ region: 'north', TraceParent: 'old', tracestate: 'a=1', tracebaton: '0' })
    expect(JSON.parse(writeMetadata(tracing, before, { traceparent }))).toEqual({ region: 'north', traceparent })
  })

  test.each([
    ['nothing', undefined],
    ['text', 'not json'],
    ['a list', '[1]'],
  ])('in place of %s', (_, before) => {
    expect(writeMetadata(tracing, before, { traceparent })).toBe(JSON.stringify({ traceparent }))
  })
})

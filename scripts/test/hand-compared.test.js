import { expect, test } from 'vitest'
import { handCompared } from '../hand-compared.js'

test.each([
  ['the parent', 'expect(attempt?.parentSpanId).toBe(send?.spanId)'],
  ['the parent, in an object', 'expect({ traceId, parentSpanId }).toEqual({ traceId, parentSpanId: send.spanId })'],
  ['links', 'expect(span.links).toEqual([])'],
  ['links of several spans', "expect(spans.map(({ links }) => links.map(({ role }) => role))).toEqual([['creation']])"],
  ['an attribute', "expect(span.attributes['messaging.message.id']).toBe(id)"],
  ['attributes that should not be there', "expect(span.attributes).not.toHaveProperty('error.type')"],
  ['the status', "for (const span of spans) expect(span.status).toBe('error')"],
  ['the status of several', "expect(spans.map(({ status }) => status)).toEqual(['error', 'unset'])"],
  ['the kind', "expect(only(operations(spans, 'send', destination)).kind).toBe('client')"],
  ['what it looks like', "expect(span).toMatchObject({ kind: 'producer', status: 'error' })"],
  ['facts', 'expect(messageFacts(span!).attempt).toBe(2)'],
  ['facts that a helper read', 'expect(attempts.map(attemptOf)).toEqual([first])'],
  ['softly', 'expect.soft(span.links).toHaveLength(1)'],
  ['in what is expected', 'expect(send.spanId)\n  .toBe(attempt.parentSpanId)'],
  ['over several lines', 'expect(\n  attempts.map(\n    (span) => span.status,\n  ),\n).toEqual([])'],
])('%s of a span, compared by hand, is found', (_, code) => {
  expect(handCompared(`const before = 1\n${code}\n`)).toEqual([2])
})

test.each([
  ["assertSpan(span, { parent: send, links: [], status: 'unset' })"],
  ['expect(spans).toHaveLength(2)'],
  ["expect(contextOn(message)).toMatchObject({ spanId: send.spanId, flags: '01' })"],
  ["const failed = spans.filter(({ status }) => status === 'error')\nexpect(failed.length).toBe(1)"],
  ["expect(said, 'the links of a span').toContain('attributes (all)') // not of span.links"],
  ['expect(text).toMatch(/span.links[(]/)'],
  ['expect(calls).toBe(1)\nassertSpan(span, { links: [] })'],
  ["expect(histories).toMatchObject([{ attempt: 1, kind: 'first' }])"],
])('what is no comparison of a span by hand is none: %s', (code) => {
  expect(handCompared(code)).toEqual([])
})

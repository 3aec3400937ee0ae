import { expect as jestExpect } from 'expect'
import { expect, test } from 'vitest'
import { assertSpan, assertSpans } from '../../src/assertions/span.ts'
import type { ExpectedSpan } from '../../src/assertions/expected-span.ts'
import { at, attempt, messaging } from '../journey-story.ts'
import { thrown } from '../thrown.ts'

const request = messaging('r', 'send', 'requests', { attributes: at(7) })
const send = messaging('s', 'send', 'orders', { attributes: at(42) })
const outcome = (is: string, more: object = {}) => ({ attributes: { 'tracebaton.delivery.outcome': is, ...more } })
const first = attempt('a', send, 1, { status: 'error', ...outcome('requeued', { 'error.type': 'OrderError' }) })
const second = attempt('b', send, 2, { before: first, ...outcome('acked', { 'tracebaton.queue.age': 4.5 }) })

/** What is said of a span that is not as expected, without its name. */
function saidOf(expected: ExpectedSpan): string {
  const { findings } = thrown(() => assertSpan(second, expected))
  expect(findings).toHaveLength(1)
  return findings[0]!.problem.replace('process orders is not as expected: ', '')
}

test('a span is as it is described, and given back', () => {
  const found = assertSpan(second, {
    name: 'process orders',
    kind: 'consumer',
    status: 'unset',
    statusMessage: undefined,
    parent: send,
    links: { creation: [send], previous_attempt: [first], origin: [] },
    attempt: 2,
    outcome: 'acked',
    errorType: undefined,
    queueAge: (age) => age! >= 4,
    attributes: {
      'kafka.offset': 42,
      'messaging.system.name': expect.stringMatching(/^kaf/),
      'tracebaton.queue.age': jestExpect.any(Number),
      'tracebaton.context.status': undefined,
    },
  })
  expect(found).toBe(second)
  assertSpan(second, { parent: { traceId: send.traceId, spanId: 's' }, links: [send, first] })
  assertSpan(second, { links: (links) => links.at(-1)?.role === 'creation' })
  assertSpan(request, { parent: 'none', links: [] })
})

const IDS = { s: `send orders (shop) ${send.traceId}/s`, a: `process orders attempt 1 (billing) ${send.traceId}/a` }
const elsewhere = { traceId: 'f'.repeat(32), spanId: 'e' }

test.each<readonly [string, ExpectedSpan, string]>([
  ['another kind', { kind: 'internal' }, 'kind is consumer, not internal.'],
  ['another status', { status: 'error' }, 'status is unset, not error.'],
  ['another fact', { attempt: 3 }, 'attempt is 2, not 3.'],
  ['a fact that is not there', { maxAttempts: 3 }, 'maxAttempts is absent, not 3.'],
  ['a fact that should not be there', { outcome: undefined }, 'outcome is acked, not absent.'],
  ['another attribute', { attributes: { 'kafka.offset': 41 } }, 'kafka.offset is 42, not 41.'],
  ['an attribute of another type', { attributes: { 'kafka.offset': '42' } }, "kafka.offset is 42, not '42'."],
  ['an attribute that is not there', { attributes: { x: ['a'] } }, "x is absent, not [ 'a' ]."],
  [
    'an attribute that should not be there',
    { attributes: { 'kafka.offset': undefined } },
    'kafka.offset is 42, not absent.',
  ],
  ['what a function refuses', { queueAge: (age) => age! >= 5 }, 'queueAge is 4.5, and (age) => age >= 5 says no.'],
  ['what a matcher of Vitest refuses', { attempt: expect.any(String) }, 'attempt is 2, and Any<String> says no.'],
  ['what a matcher of Jest refuses', { attempt: jestExpect.any(String) }, 'attempt is 2, and Any<String> says no.'],
  ['no root', { parent: 'none' }, `parent is ${IDS.s.slice(-34)}, not none.`],
  ['another parent', { parent: first }, `parent is ${IDS.s.slice(-34)}, not ${IDS.a}.`],
  ['a parent in another trace', { parent: { ...elsewhere, spanId: 's' } }, `not ${elsewhere.traceId}/s.`],
  ['a link that is missing', { links: { origin: [send] } }, `origin links: ${IDS.s} is missing.`],
  ['a link too many', { links: { creation: [] } }, `creation links: ${IDS.s.slice(-34)} is one too many.`],
  ['a link twice', { links: { creation: [send, send] } }, `creation links: ${IDS.s} is missing.`],
  ['a link besides', { links: [first] }, `links: ${IDS.s.slice(-34)} is one too many.`],
  [
    'a link of another trace',
    { links: { previous_attempt: [{ ...elsewhere, spanId: 'a' }] } },
    `previous_attempt links: ${elsewhere.traceId}/a is missing; previous_attempt links: ${IDS.a.slice(-34)} is one too many.`,
  ],
  ['links that a function refuses', { links: (links) => links.length === 3 }, '(links) => links.length === 3 says no.'],
])('%s is a difference', (_, expected, said) => {
  expect(saidOf(expected)).toContain(said)
})

test('all differences are said at once, with message, hop and side', () => {
  const error = thrown(() =>
    assertSpan(first, { parent: request, status: 'unset', attempt: 1, errorType: undefined, outcome: 'acked' }),
  )
  expect(error.summary.split('\n')).toEqual([
    `process orders is not as expected: parent is ${send.traceId}/s, not send requests (shop) ${send.traceId}/r; ` +
      'status is error, not unset; errorType is OrderError, not absent; outcome is requeued, not acked. [span]',
    '  message  kafka orders/0@42',
    '  hop      send requests (shop) → process orders attempt 1 (billing)',
    '  side     consumer, billing',
  ])
  expect(error.actual).toEqual({
    parent: `${send.traceId}/s`,
    status: 'error',
    attempt: 1,
    errorType: 'OrderError',
    outcome: 'requeued',
  })
  expect(error.expected).toEqual({
    parent: `${send.traceId}/r`,
    status: 'unset',
    attempt: 1,
    errorType: undefined,
    outcome: 'acked',
  })
  expect(error.message).toContain('✗ process orders')
})

test('a send is on the side of the producer', () => {
  const [finding] = thrown(() => assertSpan(send, { kind: 'client' })).findings
  expect(finding).toMatchObject({ rule: 'span', side: 'producer', service: 'shop', spans: [send] })
})

test('spans are compared one by one, and what differs is said of each of them', () => {
  expect(
    assertSpans(
      [first, second],
      [
        { attempt: 1, links: [send] },
        { attempt: 2, links: [first, send] },
      ],
    ),
  ).toEqual([first, second])
  const error = thrown(() => assertSpans([first, second], [{ attempt: 2 }, { attempt: 2, outcome: 'requeued' }]))
  expect(error.findings.map(({ problem }) => problem)).toEqual([
    'process orders is not as expected: attempt is 1, not 2.',
    'process orders is not as expected: outcome is acked, not requeued.',
  ])
  expect(error.actual).toEqual([{ attempt: 1 }, { attempt: 2, outcome: 'acked' }])
  expect(error.expected).toEqual([{ attempt: 2 }, { attempt: 2, outcome: 'requeued' }])
})

test('a span that is missing and a span too many are differences', () => {
  const short = thrown(() => assertSpans([first], [{ attempt: 1 }, { parent: send, attempt: 2 }]))
  expect(short.findings).toMatchObject([
    { problem: 'There is no span of which is expected: parent, attempt 2.', message: 'kafka orders/0@42' },
  ])
  expect(short.expected).toEqual([{ attempt: 1 }, 'parent, attempt 2'])
  const long = thrown(() => assertSpans([first, second], [{ attempt: 1 }]))
  expect(long.summary).toContain('process orders is one too many: 1 were expected.')
  expect(thrown(() => assertSpan(undefined, { attempt: 2 })).summary).toContain('There is no span')
  expect(thrown(() => assertSpans([first], [])).summary).toContain('0 were expected')
  expect(assertSpans([], [])).toEqual([])
})

test.each<readonly [string, () => unknown]>([
  ['nothing is expected', () => assertSpan(second, {})],
  ['nothing is expected of attributes', () => assertSpan(second, { attributes: {} })],
  ['a word is none', () => assertSpan(second, { outcom: 'acked' } as ExpectedSpan)],
  ['a word of the inner workings', () => assertSpan(second, { parentSpanId: 's' } as ExpectedSpan)],
  ['the parent was never found', () => assertSpan(second, { parent: undefined } as unknown as ExpectedSpan)],
  ['the links were never found', () => assertSpan(second, { links: undefined } as unknown as ExpectedSpan)],
  ['a linked span was never found', () => assertSpan(second, { links: { creation: [undefined!] } })],
  ['one span was given for a list', () => assertSpans(second as never, [{ attempt: 2 }])],
])('it is a mistake where %s', (_, assert) => {
  expect(assert).toThrow(TypeError)
})

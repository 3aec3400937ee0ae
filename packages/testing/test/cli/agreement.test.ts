import { expect, test } from 'vitest'
import {
  assertAllEnded,
  assertConnected,
  assertConventions,
  assertNoDanglingLinks,
  assertNoLeak,
  assertNoOrphans,
  assertNoSecrets,
  assertPropagation,
  assertSamplingConsistent,
  TraceAssertionError,
} from '../../src/index.ts'
import { readOtlp } from '../../src/otlp.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { at, attempt, link, messaging } from '../journey-story.ts'
import { spanOf } from '../span-of.ts'
import { tracebaton, fileOf } from './invoke.ts'

type Spans = readonly RecordedSpan[]

const send = messaging('5', 'send', 'orders', { attributes: at(42) })
const first = attempt('a', send, 1)
const second = attempt('b', send, 2, { before: first })
const get = spanOf({ name: 'GET /', spanId: '1'.repeat(16), kind: 'server' })
const lost = messaging('c', 'process', 'orders', { traceId: 'c'.repeat(32), startTime: 5, attributes: at(42) })
const batch = messaging('d', 'process', 'orders', {
  traceId: 'd'.repeat(32),
  attributes: { 'messaging.batch.message_count': 1 },
  links: [link('creation', send)],
})
// As the instrumentation of the AWS SDK writes them: nothing says that a message was handled.
const sqs = { 'messaging.system': 'aws_sqs', 'messaging.destination.name': 'orders' }
const official = [
  spanOf({ name: 'orders send', spanId: '5'.repeat(16), kind: 'producer', attributes: sqs }),
  spanOf({
    name: 'orders receive',
    spanId: '6'.repeat(16),
    traceId: 'e'.repeat(32),
    kind: 'consumer',
    attributes: { ...sqs, 'messaging.operation.type': 'receive', 'messaging.batch.message_count': 1 },
    links: [{ traceId: 'a'.repeat(32), spanId: '5'.repeat(16), attributes: { 'messaging.message.id': 'x' } }],
  }),
]

/** Ids as long as those of a file, which reads no others. */
const whole = (spans: Spans): Spans =>
  spans.map((span) => ({
    ...span,
    spanId: span.spanId.padEnd(16, '0'),
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId.padEnd(16, '0') }),
    links: span.links.map((one) => ({ ...one, spanId: one.spanId.padEnd(16, '0') })),
  }))

const recordings: Record<string, readonly [spans: Spans, code: number]> = {
  'no spans': [[], 3],
  'one HTTP span': [[get], 3],
  'a send': [[send], 3],
  'official SQS spans': [official, 3],
  'a send and its attempts': [[get, send, first, second], 0],
  'a batch': [[send, batch], 0],
  'a broken hop': [[send, lost], 1],
  'an orphan': [[first, second], 1],
  'a link that leads nowhere': [[send, first, { ...second, links: [link('previous_attempt', lost)] }], 1],
  'an attempt that was not sampled': [[send, { ...first, traceFlags: 0 }], 1],
  'a secret': [[send, { ...first, name: 'process orders amqp://shop:hunter2@broker' }], 1],
  'a span of no kind': [[send, { ...first, kind: 'internal' as const }], 1],
}

const assertions: Record<string, (spans: Spans) => unknown> = {
  connected: assertConnected,
  'no-leak': assertNoLeak,
  'no-orphans': assertNoOrphans,
  'no-dangling-links': assertNoDanglingLinks,
  'all-ended': assertAllEnded,
  'sampling-consistent': assertSamplingConsistent,
  conventions: assertConventions,
  'no-secrets': assertNoSecrets,
}

/** How an assertion ends, in the signs of the command. */
function signOf(assert: (spans: Spans) => unknown, spans: Spans): string {
  try {
    assert(spans)
    return '✓'
  } catch (error) {
    if (!(error instanceof TraceAssertionError)) throw error
    return error.findings.every(({ problem }) => problem.startsWith('There is nothing to judge')) ? '–' : '✗'
  }
}

test.each(Object.entries(recordings))('assertions and the command agree on %s', async (_, [given, code]) => {
  const file = await fileOf(whole(given))
  const spans: RecordedSpan[] = []
  for await (const span of readOtlp(file)) spans.push(span)
  const checked = await tracebaton(['check', file])
  const signs = Object.fromEntries([...checked.out.matchAll(/^([✓✗–]) (\S+) /gm)].map(([, sign, id]) => [id, sign]))
  const said = Object.fromEntries(Object.entries(assertions).map(([id, assert]) => [id, signOf(assert, spans)]))
  // In a test nothing comes from outside, so there it is a finding that a message leads to no recorded send.
  if (signs['no-orphans'] === '✗' && signs['connected'] === '✓') signs['connected'] = '✗'
  expect(signs).toMatchObject(said)
  expect(checked.code).toBe(code)
  expect(signOf(assertPropagation, spans) === '✓').toBe(code === 0)
})

test('a rule that finds nothing it applies to is skipped in JUnit, and the report is no success', async () => {
  const { code, out, error } = await tracebaton(['check', await fileOf([get]), '--format', 'junit'])
  expect(out).toContain('<skipped message="nothing to judge: no span is a handled message"/>')
  expect(out).toContain('<testsuite name="no-orphans" tests="1" failures="0" errors="0">')
  expect(out).toContain('errors="1"')
  expect(error).toContain('There is nothing to judge: no span is a handled message')
  expect(code).toBe(3)
})

test('a rule about any span is enough where no other was asked for', async () => {
  const file = await fileOf([get])
  expect((await tracebaton(['check', file, '--rule', 'no-secrets'])).code).toBe(0)
  expect((await tracebaton(['check', file, '--rule', 'batch-links'])).code).toBe(3)
})

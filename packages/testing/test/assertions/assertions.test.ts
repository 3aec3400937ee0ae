import { expect, test } from 'vitest'
import { assertBatchLinks } from '../../src/assertions/batch.ts'
import { assertConnected } from '../../src/assertions/connected.ts'
import { readFile } from 'node:fs/promises'
import { assertJourney } from '../../src/assertions/journey.ts'
import { stepGrammar } from '../../src/journeys/step-grammar.ts'
import {
  assertAllEnded,
  assertConventions,
  assertNoDanglingLinks,
  assertNoLeak,
  assertNoOrphans,
  assertNoSecrets,
  assertPropagation,
  assertSamplingConsistent,
} from '../../src/assertions/rules.ts'
import type { SpanSource } from '../../src/assertions/source.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { at, attempt, link, messaging } from '../journey-story.ts'
import { notEnded, story, unlinked } from '../story.ts'
import { thrown } from '../thrown.ts'

const send = messaging('s', 'send', 'orders', { attributes: at(42) })
const first = attempt('a', send, 1, { attributes: { 'tracebaton.delivery.outcome': 'requeued' } })
const second = attempt('b', send, 2, { before: first, attributes: { 'tracebaton.delivery.outcome': 'acked' } })
const sound = [send, first, second]

const STORY = [
  'send orders',
  'process orders attempt 1 requeued',
  'process orders attempt 2 requeued',
  'process orders attempt 3 dead_lettered',
  'dead letter orders-dead attempt 1 acked',
]

const batch = (...linked: RecordedSpan[]) =>
  messaging('x', 'process', 'orders', {
    attributes: { 'messaging.batch.message_count': 2 },
    links: linked.map((span) => link('creation', span)),
  })

function changed(spanId: string, change: (span: RecordedSpan) => RecordedSpan): RecordedSpan[] {
  return sound.map((span) => (span.spanId === spanId ? change(span) : span))
}

test('a journey is told step by step, from the send to the dead letter', () => {
  const [journey, ...more] = assertJourney(story, STORY)
  expect(more).toEqual([])
  expect(journey!.attempts).toHaveLength(4)
})

test('a step can be said in fewer words', () => {
  const short = ['send', 'process orders', 'process requeued', 'process orders dead_lettered', 'dead letter']
  expect(assertJourney(story, short)).toHaveLength(1)
})

test('a step can be said as pictures show it', () => {
  const shown = ['send orders', 'process orders attempt 1/3 → requeued', 'process orders', 'process orders attempt 3/3']
  expect(assertJourney(story, [...shown, 'process orders-dead attempt 1 → acked'])).toHaveLength(1)
  const renamed = sound.map((span) => (span.kind === 'producer' ? { ...span, name: 'publish orders' } : span))
  expect(assertJourney(renamed, ['publish orders', 'process orders', 'process orders'])).toHaveLength(1)
  expect(assertJourney(renamed, ['send orders', 'process orders', 'process orders'])).toHaveLength(1)
})

test.each([
  ['', 'it has no words'],
  [undefined, 'it has no words'],
  ['handle orders', 'handle is no verb'],
  ['process orders attempt two', 'attempt needs a number'],
  ['process orders attempt 0', 'attempt needs a number'],
  ['process orders attempt 2 dead-lettered', 'dead-lettered is no outcome'],
  ['process orders attempt 2 acked twice', 'nothing stands behind the outcome'],
])('%j is no step, and the error tells what is one', (step, reason) => {
  const steps = ['send orders', step] as string[]
  expect(() => assertJourney(story, steps)).toThrow(
    expect.objectContaining({ name: 'StepError', code: 'TRACEBATON_STEP', message: expect.stringContaining(reason) }),
  )
  expect(() => assertJourney(story, steps)).toThrow(/outcome +acked, requeued, retry_scheduled/)
})

test.each([[[]], ['send orders'], [undefined]])('%j is no list of steps', (steps) => {
  expect(() => assertJourney(story, steps as unknown as string[])).toThrow(
    expect.objectContaining({ code: 'TRACEBATON_STEP', message: expect.stringContaining('is no list of steps') }),
  )
})

test('the README has the grammar of steps as a table', async () => {
  const readme = (await readFile(new URL('../../README.md', import.meta.url), 'utf8')).replaceAll(/ {2,}/g, ' ')
  for (const row of stepGrammar) expect(readme).toContain(`| ${row.join(' | ')} |`)
})

test.each([
  ['a step that is another one', STORY.with(2, 'process orders attempt 2 acked'), 'Step 3 is', 'send'],
  ['a step that is missing', [...STORY, 'redrive orders'], 'Step 6 is missing: redrive orders', 'dead'],
  ['a step too many', STORY.slice(0, 3), 'The way goes on after its 3 steps', 'attempt 3'],
])('%s', (_, steps, problem) => {
  const error = thrown(() => assertJourney(story, steps))
  expect(error.summary).toContain(problem)
  expect(error.findings).toMatchObject([{ rule: 'journey', message: 'a message to orders', side: 'consumer' }])
  expect(error.actual).toEqual(STORY)
  expect(error.message).toContain('● send orders')
})

test('only what differs is shown as different', () => {
  const steps = ['send', 'process', 'process', 'process orders attempt 3 acked', 'dead letter']
  const { expected, actual, showDiff } = thrown(() => assertJourney(story, steps))
  expect(showDiff).toBe(true)
  expect(actual).toEqual(STORY)
  expect(expected).toEqual(STORY.with(3, 'process orders attempt 3 acked'))
})

test('every message that begins so has to go this way, or the one that is meant', () => {
  const other = messaging('t', 'send', 'orders', { attributes: at(43) })
  const steps = ['send orders', 'process orders', 'process orders']
  expect(thrown(() => assertJourney([...sound, other], steps)).findings).toMatchObject([
    { message: 'kafka orders/0@43' },
  ])
  for (const message of ['orders/0@42', 'kafka orders/0@42', send]) {
    expect(assertJourney([...sound, other], steps, { message })).toHaveLength(1)
  }
})

test('a message that was never sent, or goes by another name, is not found', () => {
  expect(thrown(() => assertJourney([], ['send orders'])).summary).toContain('There are no messages at all')
  expect(thrown(() => assertJourney(sound, ['send invoices'])).summary).toContain('There are: send orders')
  expect(thrown(() => assertJourney(sound, ['send orders'], { message: 'nobody' })).summary).toContain('nobody')
})

test('the steps are right, and the spans do not hang together', () => {
  const steps = ['send orders', 'process orders', 'process orders']
  const lost = changed('b', (span) => ({ ...span, traceId: 'f'.repeat(32), parentSpanId: 'none', links: [] }))
  const error = thrown(() => assertJourney(lost, steps))
  expect(error.findings).toMatchObject([
    { rule: 'connected', message: 'kafka orders/0@42', side: 'consumer' },
    { rule: 'attempts-in-order', message: 'kafka orders/0@42' },
  ])
})

test('how a handled message is connected can be prescribed', () => {
  const parent = changed('a', unlinked)
  expect(assertConnected(parent)).toBe(true)
  expect(assertConnected(sound, { via: 'both' })).toBe(true)
  expect(assertConnected(sound, { via: 'parent' })).toBe(true)
  expect(thrown(() => assertConnected(parent, { via: 'link' })).findings).toMatchObject([
    {
      problem: 'process orders is connected to its send by parent, not by link.',
      message: 'kafka orders/0@42',
      hop: 'send orders (shop) → process orders attempt 1 (billing)',
      side: 'consumer',
      service: 'billing',
      expected: 'link',
      actual: 'parent',
    },
  ])
})

test('a pair of spans is connected, or is not', () => {
  expect(assertConnected(sound, { from: first, to: second })).toBe(true)
  expect(assertConnected(sound, { from: send, to: second, via: 'both' })).toBe(true)
  const error = thrown(() => assertConnected(sound, { from: second, to: first }))
  expect(error.findings).toMatchObject([{ message: 'kafka orders/0@42', actual: 'nothing', side: 'consumer' }])
})

test('a message that comes from nowhere is not connected', () => {
  const alone = messaging('x', 'process', 'orders', {
    traceId: 'f'.repeat(32),
    attributes: { 'tracebaton.context.status': 'absent' },
  })
  expect(thrown(() => assertConnected([alone])).findings).toMatchObject([{ side: 'producer' }])
  expect(thrown(() => assertConnected([first])).summary).toContain('leads to a send that was not recorded')
})

test('a batch links exactly the sends that it is given', () => {
  const other = messaging('t', 'send', 'orders', { attributes: at(43) })
  expect(assertBatchLinks(batch(other, send), [send, other])).toBe(true)
  const hop = 'send orders (shop) → process orders (billing)'
  expect(thrown(() => assertBatchLinks(batch(send), [send, other])).findings).toMatchObject([
    { rule: 'batch-links', message: 'kafka orders/0@43', hop, side: 'consumer', service: 'billing' },
  ])
  expect(thrown(() => assertBatchLinks(batch(send, other), [send])).summary).toContain('none of its sends')
  expect(thrown(() => assertBatchLinks(batch(send, send), [send])).summary).toContain('more than once')
})

test.each([
  ['no-orphans', () => assertNoOrphans([first])],
  ['no-dangling-links', () => assertNoDanglingLinks([first])],
  ['all-ended', () => assertAllEnded(changed('b', notEnded))],
  ['no-leak', () => assertNoLeak([...sound, attempt('c', send, 1, { attributes: at(43) })])],
  ['conventions/kind', () => assertConventions(changed('a', (span) => ({ ...span, kind: 'internal' })))],
  [
    'no-secrets',
    () =>
      assertNoSecrets(
        changed('a', (span) => ({ ...span, name: 'process hunter2' })),
        { secrets: ['hunter2'] },
      ),
  ],
  ['sampling-consistent', () => assertSamplingConsistent(changed('a', (span) => ({ ...span, traceFlags: 0 })))],
])('%s throws, and names message, hop and side', (rule, assert) => {
  const [finding] = thrown(assert).findings
  expect(finding).toMatchObject({ rule, message: expect.stringMatching(/\S/), hop: expect.stringMatching(/\S/) })
  expect(['producer', 'consumer']).toContain(finding!.side)
})

test.each([
  assertNoOrphans,
  assertNoDanglingLinks,
  assertAllEnded,
  assertNoLeak,
  assertConventions,
  assertNoSecrets,
  assertSamplingConsistent,
  assertPropagation,
  assertConnected,
] as readonly ((source: SpanSource) => true)[])('%o is true of what is sound, and not of nothing', (assert) => {
  expect(assert(sound)).toBe(true)
  expect(assert({ spans: sound, open: [] })).toBe(true)
  expect(thrown(() => assert([])).summary).toContain('There is nothing to judge')
  expect(() => assert(undefined as unknown as SpanSource)).toThrow(TypeError)
})

test('open spans of a recorder count', () => {
  expect(thrown(() => assertAllEnded({ spans: [send], open: [notEnded(first)] })).summary).toContain('never ended')
})

test('rules can be left out', () => {
  const broken = changed('a', (span) => ({
    ...span,
    kind: 'internal' as const,
    attributes: { ...span.attributes, 'db.password': 'x' },
  }))
  expect(thrown(() => assertPropagation(broken)).findings.map(({ rule }) => rule)).toEqual([
    'conventions/kind',
    'no-secrets',
  ])
  expect(assertPropagation(broken, { except: ['conventions/kind', 'no-secrets'] })).toBe(true)
  expect(assertPropagation(broken, { except: ['conventions', 'no-secrets'] })).toBe(true)
})

test('a long list of findings ends with their number', () => {
  const orphans = Array.from({ length: 30 }, (_, index) => ({ ...first, spanId: `o${index}` }))
  expect(thrown(() => assertNoOrphans(orphans)).summary).toContain('… and 22 more findings')
})

test('a message that nothing identifies, handled in a trace of its own, is named as not connected', () => {
  const sent = messaging('s', 'send', 'orders')
  const handled = messaging('p', 'process', 'orders', {
    traceId: 'other',
    startTime: 10,
    attributes: { 'tracebaton.context.status': 'absent', 'tracebaton.delivery.attempt': 1 },
  })
  const said = thrown(() => assertJourney([sent, handled], ['send orders', 'process orders']))
  expect(said).toMatchObject({
    message: expect.stringMatching(/^process orders is not connected to send orders: header/),
  })
  expect(said).toMatchObject({ message: expect.stringMatching(/hop +send orders \(shop\) → process orders attempt 1/) })
})

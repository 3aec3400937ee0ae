import {
  assertAllEnded,
  assertConnected,
  assertConventions,
  assertJourney,
  assertNoDanglingLinks,
  assertNoOrphans,
  assertSpan,
} from '@tracebaton/testing'
import { FIRST, named, unsettled, type Removal, type Run } from './removal.ts'

const STEPS = [
  'send orders',
  'process orders attempt 1 requeued',
  'process orders attempt 2 dead_lettered',
  'dead letter dead attempt 1 acked',
]

const journey = (run: Run): unknown => assertJourney(unsettled(run), STEPS, { arrivals: run.arrivals })
const connected = (run: Run): unknown => assertConnected(unsettled(run), { arrivals: run.arrivals })

/** What the stories of all adapters can show. */
export const removals: readonly Removal[] = [
  {
    assertion: 'assertJourney',
    removed: 'the number of an attempt',
    edits: [
      ['operations/attempt-span.js', 'attributes[OURS.attempt] = attempt.attempt;', ';'],
      ['operations/attempt-span.js', '[OURS.attempt]: attempt.attempt,', ''],
    ],
    assert: journey,
    expected: {
      rule: 'journey',
      problem: 'Step 2 is “process orders requeued”, not “process orders attempt 1 requeued”.',
      hop: 'send orders (shop) → process orders (billing)',
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertJourney',
    removed: 'the link to the attempt before',
    edits: [
      ['verdict/relation.js', "links = [{ role: 'previous_attempt', context: previousAttempt }, ...links];", ';'],
    ],
    assert: journey,
    expected: {
      rule: 'attempts-in-order',
      problem: 'process orders is attempt 2 and does not link the attempt before.',
      hop: 'send orders (shop) → process orders attempt 2 (billing)',
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertJourney',
    removed: 'what a dead letter is',
    edits: [
      ['operations/attempt-span.js', 'attributes[OURS.kind] = attempt.kind;', ';'],
      ['operations/attempt-span.js', '[OURS.kind]: attempt.kind,', ''],
      ['operations/attempt-span.js', '[OURS.deadLetterSource]: place,', ''],
    ],
    assert: journey,
    expected: {
      rule: 'journey',
      problem: 'Step 4 is “process dead attempt 1 acked”, not “dead letter dead attempt 1 acked”.',
      hop: 'process orders attempt 2 (billing) → process dead attempt 1 (billing)',
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertConnected',
    removed: 'the context on the message',
    edits: [['operations/injection.js', 'const { context } = outgoing;', 'return { fields: {} };']],
    assert: connected,
    expected: {
      rule: 'connected',
      problem: 'header absent on the wire: shop sent the message without a trace context',
      hop: FIRST,
      side: 'producer',
      service: 'shop',
    },
  },
  {
    assertion: 'assertConnected',
    removed: 'the use of the context that is on the message',
    edits: [['verdict/relation.js', "if (trust === 'ignore')", 'if (true)']],
    assert: connected,
    expected: {
      rule: 'connected',
      problem: 'header present but not used: traceparent was on the message, and billing did not follow it',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: "assertConnected, via: 'parent'",
    removed: 'the parent',
    edits: [['operations/attempt.js', "root: parent === 'none',", 'root: true,']],
    assert: (run) =>
      assertConnected(
        unsettled(run).filter(({ name }) => name.endsWith('orders')),
        { via: 'parent' },
      ),
    expected: {
      rule: 'connected',
      problem: 'process orders is connected to its send by link, not by parent.',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: "assertConnected, via: 'link'",
    removed: 'the link to the send',
    edits: [['verdict/relation.js', "creation === undefined ? [] : [{ role: 'creation', context: creation }]", '[]']],
    assert: (run) =>
      assertConnected(
        unsettled(run).filter(({ name }) => name.endsWith('orders')),
        { via: 'link' },
      ),
    expected: {
      rule: 'connected',
      problem: 'process orders is connected to its send by parent, not by link.',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertSpan',
    removed: 'the error of a failed attempt, and the link to the send',
    edits: [
      ['verdict/relation.js', "creation === undefined ? [] : [{ role: 'creation', context: creation }]", '[]'],
      ['operations/attempt.js', 'span.fail(failure.error, status);', ';'],
    ],
    assert: (run) => {
      const [send, first] = [named(run, 'send', 'orders'), named(run, 'process', 'orders')].map(([span]) => span!)
      assertSpan(first, {
        kind: 'consumer',
        status: 'error',
        parent: send!,
        links: { creation: [send!], previous_attempt: [] },
        attempt: 1,
        outcome: 'requeued',
      })
    },
    expected: {
      rule: 'span',
      problem: 'status is unset, not error; creation links: send orders (shop)',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertNoOrphans',
    removed: 'the end of the send span',
    edits: [['operations/send.js', '    span.end();\n    if (ending', '    if (ending']],
    assert: ({ spans }) => assertNoOrphans(spans),
    expected: {
      rule: 'no-orphans',
      problem: 'was not recorded: the service that it belongs to exports no spans here, or did not sample it.',
      hop: 'process orders attempt 1 (billing)',
      side: 'producer',
      service: '',
    },
  },
  {
    assertion: 'assertNoDanglingLinks',
    removed: 'the end of the send span',
    edits: [['operations/send.js', '    span.end();\n    if (ending', '    if (ending']],
    assert: ({ spans }) => assertNoDanglingLinks(spans),
    expected: {
      rule: 'no-dangling-links',
      problem: 'The creation link of process orders leads to',
      hop: 'process orders attempt 1 (billing)',
      side: 'producer',
      service: '',
    },
  },
  {
    assertion: 'assertAllEnded',
    removed: 'the end of an attempt',
    edits: [['operations/attempt.js', '    span.end();\n    if (failure', '    if (failure']],
    assert: (run) => assertAllEnded(run),
    expected: {
      rule: 'all-ended',
      problem: 'process orders was started and never ended.',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertConventions',
    removed: 'the kind of an attempt’s span',
    edits: [['operations/attempt.js', 'kind: SpanKind.CONSUMER,', 'kind: SpanKind.INTERNAL,']],
    assert: ({ spans }) => assertConventions(spans),
    expected: {
      rule: 'conventions/kind',
      problem: 'process orders is of kind internal, and process is consumer.',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
]

import {
  assertAllEnded,
  assertBatchLinks,
  assertConnected,
  assertConventions,
  assertJourney,
  assertNoDanglingLinks,
  assertNoLeak,
  assertNoOrphans,
  assertNoSecrets,
  assertSamplingConsistent,
  assertSpan,
  messageFacts,
  type Arrival,
  type RecordedSpan,
} from '@tracebaton/testing'

/** What was recorded of a story, and what stood on its messages. Queues have the names that the story gives them. */
export interface Run {
  readonly spans: readonly RecordedSpan[]
  readonly open: readonly RecordedSpan[]
  readonly arrivals: readonly Arrival[]
}

/** Something that is taken out of an adapter, and the assertion that has to miss it. */
export interface Removal {
  /** The assertion, as the README calls it. */
  readonly assertion: string
  /** What is taken out. */
  readonly removed: string
  /** A file of core as it is published, a text that stands in it once, and what takes its place. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[]
  readonly assert: (run: Run) => unknown
  /** Every adapter's story can show it; without this, that of SQS alone. */
  readonly everywhere?: true
  readonly expected: {
    readonly rule: string
    readonly problem: string
    readonly hop: string
    readonly side: 'producer' | 'consumer'
    readonly service: string
  }
}

const STEPS = [
  'send orders',
  'process orders attempt 1 requeued',
  'process orders attempt 2 dead_lettered',
  'dead letter dead attempt 1 acked',
]

const FIRST = 'send orders (shop) → process orders attempt 1 (billing)'

const unsettled = ({ spans }: Run): readonly RecordedSpan[] =>
  spans.filter(({ service }) => service === 'shop' || service === 'billing')
const named = ({ spans }: Run, type: string, queue: string): RecordedSpan[] =>
  spans.filter((span) => {
    const { operationType, destination } = messageFacts(span)
    return operationType === type && destination === queue
  })

const journey = (run: Run): unknown => assertJourney(unsettled(run), STEPS, { arrivals: run.arrivals })
const connected = (run: Run): unknown => assertConnected(unsettled(run), { arrivals: run.arrivals })

export const removals: readonly Removal[] = [
  {
    assertion: 'assertJourney',
    removed: 'the number of an attempt',
    edits: [['attempt.js', 'attributes[OURS.attempt] = attempt.attempt;', '']],
    assert: journey,
    everywhere: true,
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
    edits: [['relation.js', "links.push({ role: 'previous_attempt', context: previousAttempt });", '']],
    assert: journey,
    everywhere: true,
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
      ['attempt.js', 'attributes[OURS.kind] = attempt.kind;', ''],
      ['attempt.js', 'attributes[OURS.deadLetterSource] = source;', ';'],
    ],
    assert: journey,
    everywhere: true,
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
    edits: [['injection.js', 'return { fields: full };', 'return { fields: {} };']],
    assert: connected,
    everywhere: true,
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
    edits: [['relation.js', "if (trust === 'ignore')", 'if (true)']],
    assert: connected,
    everywhere: true,
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
    edits: [['attempt.js', "root: parent === 'none',", 'root: true,']],
    assert: (run) =>
      assertConnected(
        unsettled(run).filter(({ name }) => name.endsWith('orders')),
        { via: 'parent' },
      ),
    everywhere: true,
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
    edits: [['relation.js', "links.push({ role: 'creation', context: creation });", '']],
    assert: (run) =>
      assertConnected(
        unsettled(run).filter(({ name }) => name.endsWith('orders')),
        { via: 'link' },
      ),
    everywhere: true,
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
      ['relation.js', "links.push({ role: 'creation', context: creation });", ''],
      ['attempt.js', 'span.fail(failure.error, status);', ';'],
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
    everywhere: true,
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
    edits: [['send.js', '    span.end();\n    if (startedAt', '    if (startedAt']],
    assert: ({ spans }) => assertNoOrphans(spans),
    everywhere: true,
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
    edits: [['send.js', '    span.end();\n    if (startedAt', '    if (startedAt']],
    assert: ({ spans }) => assertNoDanglingLinks(spans),
    everywhere: true,
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
    edits: [['attempt.js', '    span.end();\n    runtime.metrics.delivered', '    runtime.metrics.delivered']],
    assert: (run) => assertAllEnded(run),
    everywhere: true,
    expected: {
      rule: 'all-ended',
      problem: 'process orders was started and never ended.',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertBatchLinks',
    removed: 'the links of what was received together',
    edits: [['receive.js', 'return [...links.values()];', 'return [...links.values()].slice(1);']],
    assert: (run) =>
      named(run, 'receive', 'batch').forEach((receive) => assertBatchLinks(receive, named(run, 'create', 'batch'))),
    expected: {
      rule: 'batch-links',
      problem: 'receive batch does not link create batch',
      hop: 'create batch (shop) → receive batch (billing)',
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertNoLeak',
    removed: 'a context of its own for every handler',
    edits: [
      [
        'attempt.js',
        'context: setHandling(activate(base, span), handling),',
        'context: (globalThis.__first ??= setHandling(activate(base, span), handling)),',
      ],
    ],
    assert: (run) => assertNoLeak(unsettled(run), { messageAttribute: 'order.id' }),
    expected: {
      rule: 'no-leak',
      problem: 'query has order.id',
      hop: 'send orders (shop) → query (billing)',
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertNoLeak',
    removed: 'a context of its own for every message of a bulk send',
    edits: [
      ['send.js', 'const creates = perMessage ?', 'const creates = false ?'],
      ['send.js', 'kind: perMessage || !anyNew ?', 'kind: !anyNew ?'],
      ['send.js', "names.set(attributes, 'messageCount', publication.messages.length);", ';'],
      ['send.js', "names.set(attributes, 'messageCount', results.count);", ';'],
    ],
    assert: (run) => assertNoLeak(unsettled(run)),
    expected: {
      rule: 'no-leak',
      problem: 'two messages left with the one context of send batch',
      hop: 'send batch (shop) → process batch attempt 1 (billing)',
      side: 'producer',
      service: 'shop',
    },
  },
  {
    assertion: 'assertConventions',
    removed: 'the kind of an attempt’s span',
    edits: [['attempt.js', 'kind: SpanKind.CONSUMER,', 'kind: SpanKind.INTERNAL,']],
    assert: ({ spans }) => assertConventions(spans),
    everywhere: true,
    expected: {
      rule: 'conventions/kind',
      problem: 'process orders is of kind internal, and process is consumer.',
      hop: FIRST,
      side: 'consumer',
      service: 'billing',
    },
  },
  {
    assertion: 'assertNoSecrets',
    removed: 'the list of baggage that may leave',
    edits: [['baggage-policy.js', 'if (policy === true)', 'if (true)']],
    assert: ({ spans, arrivals }) => assertNoSecrets(spans, { arrivals, privateBaggage: ['customer.email'] }),
    expected: {
      rule: 'no-secrets',
      problem: 'The baggage entry customer.email left with a message.',
      hop: 'the wire of orders',
      side: 'producer',
      service: '',
    },
  },
  {
    assertion: 'assertSamplingConsistent',
    removed: 'the links that a sampler looks at',
    edits: [['sampler.js', 'return linked\n', 'return false\n']],
    assert: ({ spans }) =>
      assertSamplingConsistent(spans.filter(({ service, kind }) => service.startsWith('sampled') && kind !== 'client')),
    expected: {
      rule: 'sampling-consistent',
      problem: 'process linked was not sampled, and what it links was.',
      hop: 'send linked (sampled shop) → process linked attempt 1 (sampled billing)',
      side: 'consumer',
      service: 'sampled billing',
    },
  },
]

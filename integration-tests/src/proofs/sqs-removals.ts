import { assertBatchLinks, assertNoLeak, assertNoSecrets, assertSamplingConsistent } from '@tracebaton/testing'
import { named, unsettled, type Removal } from './removal.ts'

/** What only the story of SQS can show: batches, baggage and sampling are in it. */
export const sqsRemovals: readonly Removal[] = [
  {
    assertion: 'assertBatchLinks',
    removed: 'the links of what was received together',
    edits: [['operations/receive.js', 'return [...links.values()];', 'return [...links.values()].slice(1);']],
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
        'operations/attempt.js',
        'begun.context = withWork(base, span.context === undefined ? undefined : span.span, begun);',
        'begun.context = (globalThis.__first ??= withWork(base, span.context === undefined ? undefined : span.span, begun));',
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
      ['operations/send.js', 'const creates = perMessage ?', 'const creates = false ?'],
      ['operations/send.js', 'const kind = perMessage || !anyNew ?', 'const kind = !anyNew ?'],
      ['operations/send-span.js', "names.set(attributes, 'messageCount', publication.messages.length);", ';'],
      ['operations/send.js', "names.set(attributes, 'messageCount', results.count);", ';'],
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
    assertion: 'assertNoSecrets',
    removed: 'the list of baggage that may leave',
    edits: [['wire/format.js', 'if (policy === true)', 'if (true)']],
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
    edits: [['sampler.js', 'isSampled(context) ? RECORD_AND_SAMPLED : NOT_RECORD', '1']],
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

import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { OURS } from '../../src/base/names.ts'
import { CREATION, delivery, publication, SPAN, TRACE } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const spanIdOf = (index: number): string => (index + 1).toString(16).padStart(16, '0')
const carriers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ traceparent: `00-${TRACE}-${spanIdOf(index)}-01` }))
const deliveries = (count: number): Delivery[] => carriers(count).map((carrier) => delivery({ carrier }))
const reception = { system: 'kafka', operation: 'receive', destination: { name: 'orders' }, batch: true, startedAt: 1 }

/** A message whose broker knows of so many related spans that with its creation there are `count` links. */
function processRelated({ tracing }: Traced, count: number): void {
  const related = Array.from({ length: count - 1 }, (_, index) => ({
    role: 'child_job' as const,
    context: { ...CREATION, spanId: spanIdOf(index) },
  }))
  tracing.process(delivery({ related }), () => {})
}

/** Each makes one span with so many links. */
const MAKERS: readonly (readonly [string, (traced: Traced, count: number) => unknown])[] = [
  [
    'send',
    ({ tracing }, count) => tracing.send(publication(carriers(count).map((carrier) => ({ carrier }))), () => {}),
  ],
  ['receive', ({ tracing }, count) => tracing.receive(reception, deliveries(count))],
  ['process', processRelated],
  ['batch', ({ tracing }, count) => tracing.processBatch(deliveries(count), () => {})],
]

describe.each(MAKERS)('the links of a %s span', (name, make) => {
  function linksOf(count: number): readonly [spanIds: readonly string[], total: unknown] {
    const traced = createTraced()
    make(traced, count)
    const [span] = traced.spans
    return [span?.links.map(({ context }) => context.spanId) ?? [], span?.attributes[OURS.linksTotal]]
  }

  test('are all there up to 128, and the total is not told', () => {
    expect(linksOf(128)).toEqual([expect.objectContaining({ length: 128 }), undefined])
  })

  test('are the newest 128 of more, and the total is told', () => {
    const [kept, total] = linksOf(130)
    expect([kept.length, total]).toEqual([128, 130])
    expect(kept[0]).toBe(spanIdOf(2))
    expect(kept.at(-1)).toBe(name === 'process' ? SPAN : spanIdOf(129))
  })

  test('leave no mark on what spans share', () => {
    const traced = createTraced()
    make(traced, 130)
    const before = traced.spans.length
    make(traced, 2)
    expect(traced.spans[before]?.attributes).not.toHaveProperty([OURS.linksTotal])
  })
})

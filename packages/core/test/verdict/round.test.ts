import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Lineage } from '../../src/wire/lineage.ts'
import { OURS } from '../../src/base/names.ts'
import { roundOf } from '../../src/verdict/round.ts'
import { delivery, lineage, SPAN, TRACEPARENT } from '../messages.ts'
import { spanContext } from '../sample.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

/** ms since the epoch. */
const SENT = 1_795_639_092_500

const FRESH = { deliveries: 1, exact: true, fresh: true }

/** A copy that the broker brought back. */
const back = (earlier: number, movedAt?: number) =>
  delivery({ count: { ...FRESH, earlier }, kind: 'delayed', queuedAt: null, delay: 0, movedAt })

const copy = (attempt: number, kind: Lineage['kind'] = 'delayed', sent: number | undefined = SENT): Lineage => ({
  creation: spanContext('c'),
  attempt,
  kind,
  previousAttempt: spanContext('a'),
  ...(sent !== undefined && { sent }),
})

describe('a copy that the broker brought back', () => {
  test.each([
    ['as often as it was rejected, where that cannot have been before', 2, 1, SENT],
    ['as often as it was rejected, where nobody says when', 2, 1, undefined],
    ['as often as it was rejected, where that was later than it was sent', 9, 2, SENT + 1_000],
    ['in a dead-letter queue, where its attempts count from 1', 1, 3, SENT],
  ])('counts on %s', (_, attempt, earlier, movedAt) => {
    const kind = attempt === 1 ? 'dead_letter' : 'delayed'
    const round = roundOf(back(earlier, movedAt), copy(attempt, kind))
    expect(round).toMatchObject({ certain: true, delivery: { count: { earlier: attempt - 1 + earlier } } })
    expect(round?.lineage).not.toHaveProperty('attempt')
    expect(round?.lineage).not.toHaveProperty('previousAttempt')
  })

  test('before the application sent it is on its first delivery', () => {
    const round = roundOf(back(1, SENT - 2_000), copy(3))
    expect(round).toMatchObject({ certain: true, lineage: copy(3), delivery: { count: { earlier: 0 } } })
    expect(round?.delivery).toMatchObject({ kind: undefined, queuedAt: undefined, delay: undefined })
  })

  test.each([
    ['at about the time it was sent', 3, 1, SENT - 1_999],
    ['at about the time it was sent, by another clock', 3, 1, SENT + 999],
    ['some time', 3, 1, undefined],
    ['oftener than before it was sent, but earlier', 2, 1, SENT - 2_000],
  ])('%s may or may not have been on its way since', (_, attempt, earlier, movedAt) => {
    const round = roundOf(back(earlier, movedAt), copy(attempt))
    expect(round).toMatchObject({ certain: false, delivery: back(earlier, movedAt), lineage: { attempt } })
    expect(round?.lineage).not.toHaveProperty('previousAttempt')
  })

  test('some time after the application sent it, nobody says when, may have been on its way since', () => {
    expect(roundOf(back(1, SENT), copy(3, 'delayed', undefined))).toMatchObject({ certain: false })
  })
})

test.each([
  ['that the broker never moved', delivery({ count: FRESH }), copy(2)],
  ['that nobody rejected', back(0, SENT), copy(2)],
  ['that the application never moved', back(1, SENT), { creation: spanContext('c'), sent: SENT }],
  ['without a lineage', back(1, SENT), undefined],
])('a message %s is counted as ever', (_, arrival, carried) => {
  expect(roundOf(arrival, carried)).toBeUndefined()
})

const linksOf = ({ links }: ReadableSpan): unknown[] =>
  links.map(({ attributes, context }) => [attributes?.['tracebaton.link.role'], context.spanId])

/** The attempts at a copy that the broker brought back; where it has an identity, after one attempt before. */
function handle(attempt: number, identity?: string): readonly ReadableSpan[] {
  const traced = createTraced()
  const carrier = {
    traceparent: TRACEPARENT,
    tracebaton: lineage({ attempt, kind: 'delayed', sent: SENT, previousAttempt: spanContext('a') }),
  }
  const first = delivery({ carrier, identity, count: FRESH })
  if (identity !== undefined) traced.tracing.process(first, () => {})
  traced.tracing.process({ ...back(1, SENT), carrier, identity }, () => {})
  return traced.spans
}

describe('the attempt', () => {
  test('after a round links no attempt that was before another one', () => {
    const [span] = handle(2)
    expect(span!.attributes).toMatchObject({
      [OURS.attempt]: 3,
      [OURS.attemptSource]: 'broker',
      [OURS.kind]: 'delayed',
      [OURS.previousAttempt]: 'unknown',
    })
    expect(linksOf(span!)).toEqual([['creation', SPAN]])
  })

  test('is assumed where nobody knows whether there was a round', () => {
    const [span] = handle(3)
    expect(span!.attributes).toMatchObject({
      [OURS.attempt]: 3,
      [OURS.attemptSource]: 'assumed',
      [OURS.previousAttempt]: 'unknown',
    })
    expect(linksOf(span!)).toEqual([['creation', SPAN]])
  })

  test.each([2, 3])('counts on from the one that this process remembers: %s', (attempt) => {
    const [before, span] = handle(attempt, `round-${attempt}`)
    expect(before!.attributes).toMatchObject({ [OURS.attempt]: attempt })
    expect(span!.attributes).toMatchObject({ [OURS.attempt]: attempt + 1 })
    expect(linksOf(span!)).toContainEqual(['previous_attempt', before!.spanContext().spanId])
  })
})

import { describe, expect, test } from 'vitest'
import type { Lineage } from '../../src/wire/history.ts'
import { copyOf } from '../../src/verdict/copy.ts'
import type { BrokerHistory, Delivery, OwnMoves } from '../../src/verdict/delivery.ts'
import { delivery } from '../messages.ts'
import { spanContext } from '../sample.ts'

const creation = spanContext('c')
const told: BrokerHistory = {
  deaths: 2,
  kind: 'delayed',
  count: { deliveries: 1, exact: false },
  queuedAt: 5_000,
  delay: 700,
  before: { queue: 'orders', deaths: 1 },
}

/** A delivery whose headers hold moves of the broker, and what core asked about them. */
function withHistory(history: BrokerHistory | undefined): { arrival: Delivery; asked: OwnMoves[] } {
  const asked: OwnMoves[] = []
  const arrival = delivery({
    history(own) {
      asked.push(own)
      return history
    },
  })
  return { arrival, asked }
}

const copy = (arrival: Delivery, lineage?: Lineage, trust: 'full' | 'link-only' | 'ignore' = 'full') =>
  copyOf(arrival, trust, creation, lineage, undefined)

describe('what the broker wrote into the headers', () => {
  test('says what this copy is, of a producer that is trusted in full', () => {
    expect(copy(withHistory(told).arrival)).toEqual({
      creation,
      lineage: undefined,
      deadLetter: undefined,
      handledBefore: true,
      ...told,
    })
  })

  test.each(['link-only', 'ignore'] as const)('is not read of a producer whose trust is %s', (trust) => {
    const { arrival, asked } = withHistory(told)
    expect(copy(arrival, undefined, trust)).toMatchObject({ deaths: 0, kind: undefined, before: undefined })
    expect(asked).toEqual([])
  })

  test.each<[string, Lineage | undefined, OwnMoves]>([
    ['all of it, without a field', undefined, { fingerprint: undefined, since: undefined }],
    ['what does not have the fingerprint', { deaths: '0badcafe' }, { fingerprint: '0badcafe', since: undefined }],
    [
      'what does not have the fingerprint, whatever the clocks say',
      { deaths: '0badcafe', sent: 10_000 },
      { fingerprint: '0badcafe', since: undefined },
    ],
    [
      'what is not older than the copy, by more than a second and what clocks may differ by',
      { sent: 10_000 },
      { fingerprint: undefined, since: 7_000 },
    ],
  ])('is this copy’s: %s', (_, lineage, own) => {
    const { arrival, asked } = withHistory(told)
    copy(arrival, lineage)
    expect(asked).toEqual([own])
  })

  test('counts for nothing where none of it is this copy’s', () => {
    const { arrival } = withHistory(undefined)
    expect(copy({ ...arrival, kind: 'immediate', queuedAt: 1_000 })).toMatchObject({
      deaths: 0,
      kind: 'immediate',
      queuedAt: 1_000,
    })
  })

  test('takes the place of what the delivery says by itself, a time that nobody knows too', () => {
    const { arrival } = withHistory({ deaths: 1, queuedAt: null })
    expect(copy({ ...arrival, queuedAt: 1_000, sentAt: 500 })).toMatchObject({ queuedAt: null })
  })
})

describe('a count that may go on from another queue', () => {
  const count = { deliveries: 1, exact: false }
  const ownCount = { deliveries: 3, exact: false }
  const waited = { source: 'orders-wait', reason: 'expired', waited: true }

  test.each<[string, Lineage, BrokerHistory['deadLetter'], object]>([
    ['is its own on a retry copy that has only waited', { attempt: 2, kind: 'delayed' }, waited, ownCount],
    ['says nothing on a dead letter', { kind: 'dead_letter' }, waited, count],
    ['says nothing on a retry copy that was given up', { attempt: 2, kind: 'delayed' }, { reason: 'rejected' }, count],
  ])('%s', (_, lineage, deadLetter, expected) => {
    const { arrival } = withHistory({ deaths: 0, kind: 'dead_letter', deadLetter, count, ownCount })
    expect(copy(arrival, lineage).count).toEqual(expected)
  })
})

test('a dead letter that its broker put back where it came from was redriven once', () => {
  const arrival = delivery({ kind: 'redrive', redrives: 1 })
  const lineage: Lineage = { creation, attempt: 1, kind: 'dead_letter' }
  const moved = { originalDestination: arrival.destination.name }
  expect(copyOf(arrival, 'full', creation, lineage, moved)).toMatchObject({
    lineage: { kind: 'redrive', redrives: 1 },
    kind: undefined,
    redrives: undefined,
  })
  expect(copyOf(arrival, 'full', creation, lineage, undefined)).toMatchObject({ kind: 'redrive', redrives: 1 })
})

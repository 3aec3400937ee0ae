import { describe, expect, test } from 'vitest'
import { fingerprintOf, hasHistory, readHistory } from '../src/history.ts'

const TIME = { '!': 'timestamp', value: 1_795_639_092 }
const AT = 1_795_639_092_000

type Deaths = readonly (readonly [queue: string, reason: string, count: number])[]

/** What RabbitMQ 3.8 to 3.12 write: no header of the latest death. */
const three = (...deaths: Deaths) => ({
  'x-death': deaths.map(([queue, reason, count]) => ({
    count,
    exchange: '',
    queue,
    reason,
    'routing-keys': [queue],
    time: TIME,
  })),
  'x-first-death-exchange': '',
  'x-first-death-queue': deaths.at(-1)?.[0],
  'x-first-death-reason': deaths.at(-1)?.[1],
})

/** What RabbitMQ 4 writes, as read from a real one. */
const four = (...deaths: Deaths) => ({
  ...three(...deaths),
  'x-last-death-exchange': '',
  'x-last-death-queue': deaths[0]?.[0],
  'x-last-death-reason': deaths[0]?.[1],
})

function historyOf(headers: object, redelivered = false, queue: string | null = 'orders', own = {}) {
  const table = headers as Record<string, unknown>
  return hasHistory(table, redelivered)
    ? readHistory(table, redelivered, queue ?? undefined, { fingerprint: undefined, since: undefined, ...own })
    : undefined
}

describe('deliveries of one copy that the broker has not moved', () => {
  test.each([
    ['the first', {}, false, undefined],
    ['the first, of a message whose headers were copied', { 'x-delivery-count': 7 }, false, undefined],
    ['another, of a classic queue', {}, true, undefined],
    ['another, of a quorum queue', { 'x-delivery-count': 1 }, true, { deliveries: 2, exact: false }],
    ['the fifth, of a quorum queue', { 'x-delivery-count': 4 }, true, { deliveries: 5, exact: false }],
    ['another, whose count is none', { 'x-delivery-count': 'x' }, true, undefined],
  ])('%s', (_, headers, redelivered, count) => {
    expect(historyOf(headers, redelivered)).toEqual(count && { count, deaths: 0 })
  })
})

describe.each([
  ['RabbitMQ 3', three],
  ['RabbitMQ 4', four],
])('a message that %s moved', (_, written) => {
  test.each(['rejected', 'expired', 'maxlen', 'delivery_limit'])('once is a dead letter: %s', (reason) => {
    const handled = reason === 'rejected' || reason === 'delivery_limit'
    expect(historyOf(written(['billing', reason, 1]))).toEqual({
      count: undefined,
      kind: 'dead_letter',
      deadLetter: { source: 'billing', reason, waited: reason === 'expired' },
      queuedAt: AT,
      delay: 0,
      deaths: 0,
      before: handled ? { queue: 'billing', deaths: 0 } : undefined,
    })
  })

  test('twice tells the latest move, and where it was handled at last', () => {
    const history = historyOf(written(['billing.wait', 'expired', 1], ['billing', 'rejected', 1]))
    expect(history).toMatchObject({
      kind: 'dead_letter',
      deadLetter: { source: 'billing.wait', reason: 'expired', waited: false },
      before: { queue: 'billing', deaths: 0 },
    })
  })

  test('round and round is a delayed retry, of one attempt for each time it was rejected here', () => {
    const history = historyOf(
      written(['orders.wait', 'expired', 3], ['orders', 'rejected', 2], ['orders', 'delivery_limit', 1]),
    )
    expect(history).toEqual({
      // The broker counts anew what a client has sent again.
      count: { deliveries: 1, exact: false },
      kind: 'delayed',
      // The broker tells the time of the first round only.
      queuedAt: null,
      delay: 0,
      deaths: 3,
      before: { queue: 'orders', deaths: 2 },
    })
  })

  test('straight back is an immediate retry', () => {
    expect(historyOf(written(['orders', 'rejected', 1]))).toMatchObject({
      kind: 'immediate',
      queuedAt: AT,
      deaths: 1,
      before: { queue: 'orders', deaths: 0 },
    })
  })

  test('back after nobody handled it has no attempts behind it', () => {
    expect(historyOf(written(['orders', 'expired', 2]))).toMatchObject({
      kind: 'delayed',
      deaths: 0,
      before: undefined,
    })
  })

  test('has a history of this copy only where the sender had not written the same', () => {
    const headers = written(['orders', 'rejected', 1])
    const fingerprint = fingerprintOf(headers)
    expect(fingerprint).toMatch(/^[0-9a-f]{8}$/)
    // The broker may have written the same list again, within one second.
    for (const [redelivered, deliveries] of [
      [false, 1],
      [true, 2],
    ] as const) {
      expect(historyOf({ ...headers, 'x-delivery-count': 7 }, redelivered, 'orders', { fingerprint })).toEqual({
        count: { deliveries, exact: false },
        deaths: 0,
      })
    }
    const again = written(['orders', 'rejected', 2])
    expect(historyOf(again, false, 'orders', { fingerprint })).toMatchObject({ deaths: 2 })
  })

  test('before this copy was sent was another one', () => {
    const headers = written(['orders', 'rejected', 1], ['billing', 'rejected', 1])
    expect(historyOf(headers, false, 'orders', { since: AT + 1 })).toBeUndefined()
    expect(historyOf(headers, false, 'orders', { since: AT })).toMatchObject({ deaths: 1 })
  })

  test('to a queue that nobody knows is a dead letter', () => {
    expect(historyOf(written(['orders', 'rejected', 1]), false, null)).toMatchObject({ kind: 'dead_letter' })
  })

  test('from one quorum queue to another begins with a count that says nothing', () => {
    const headers = { ...written(['billing', 'rejected', 1]), 'x-delivery-count': 1 }
    expect(historyOf(headers, true)).toMatchObject({ count: { deliveries: 1, exact: false } })
  })

  test('to a quorum queue has the count of that one, if it was not delivered before', () => {
    const headers = { ...written(['billing', 'expired', 1]), 'x-delivery-count': 2 }
    expect(historyOf(headers, true)).toMatchObject({ ownCount: { deliveries: 3, exact: false } })
    expect(historyOf(headers, false)?.ownCount).toBeUndefined()
  })

  test('to a classic queue, and is handed out again there, is known by the delivery alone', () => {
    expect(historyOf(written(['billing', 'rejected', 1]), true)?.count).toBeUndefined()
  })
})

describe('the fingerprint of deaths', () => {
  const headers = four(['orders', 'rejected', 1], ['billing', 'expired', 2])

  test.each([
    ['a queue', four(['mails', 'rejected', 1], ['billing', 'expired', 2])],
    ['a reason', four(['orders', 'maxlen', 1], ['billing', 'expired', 2])],
    ['a count', four(['orders', 'rejected', 2], ['billing', 'expired', 2])],
    ['the order', four(['billing', 'expired', 2], ['orders', 'rejected', 1])],
    ['a time', { 'x-death': headers['x-death'].map((death) => ({ ...death, time: { value: TIME.value + 1 } })) }],
  ])('changes with %s', (_, changed) => {
    expect(fingerprintOf(changed)).not.toBe(fingerprintOf(headers))
  })

  test('is the same for a copy, whatever else its headers say, and none without a list', () => {
    expect(fingerprintOf({ ...structuredClone(headers), more: 1 })).toBe(fingerprintOf(headers))
    expect(fingerprintOf({ 'x-last-death-queue': 'b', 'x-last-death-reason': 'maxlen' })).toBeUndefined()
    expect(fingerprintOf({ 'x-death': [7] })).toBeUndefined()
  })
})

describe('headers that are not as they should be', () => {
  test('stand in for a list that is missing: the latest death, else the first', () => {
    expect(historyOf({ 'x-last-death-queue': 'b', 'x-last-death-reason': 'maxlen' })).toMatchObject({
      deadLetter: { source: 'b', reason: 'maxlen' },
      queuedAt: null,
    })
    expect(historyOf({ 'x-first-death-queue': 'a', 'x-first-death-reason': 'rejected' })).toMatchObject({
      deadLetter: { source: 'a', reason: 'rejected' },
      before: { queue: 'a', deaths: 0 },
    })
  })

  test.each([
    ['a list that is none', { 'x-death': 'rejected' }],
    ['entries that are none', { 'x-death': [null, 7, 'text', {}, { queue: 1, reason: 2 }] }],
    ['half of a death', { 'x-last-death-queue': 'b' }],
  ])('are no history: %s', (_, headers) => {
    expect(historyOf(headers)).toBeUndefined()
  })

  test('of an old broker without a count or a time are one death, some time', () => {
    expect(historyOf({ 'x-death': [{ queue: 'orders', reason: 'rejected', time: null }] })).toMatchObject({
      deaths: 1,
      queuedAt: null,
    })
  })
})

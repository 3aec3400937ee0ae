import { describe, expect, test } from 'vitest'
import { readHistory } from '../src/history.ts'

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

function historyOf(headers: object | undefined, redelivered = false, queue: string | null = 'orders') {
  const fields = { deliveryTag: 1, redelivered, exchange: '', routingKey: 'orders' }
  const { facts, before } = readHistory(
    { content: Buffer.alloc(0), fields, properties: { headers } },
    queue ?? undefined,
  )
  const { count, kind, deadLetter, queuedAt, movedAt } = facts
  return { deliveries: count, kind, deadLetter, queuedAt, movedAt, before }
}

const FRESH = { deliveries: 1, exact: true, fresh: true }

describe('deliveries of one copy', () => {
  test.each([
    ['the first', {}, false, FRESH],
    ['the first, of a message whose headers were copied', { 'x-delivery-count': 7 }, false, FRESH],
    ['another, of a classic queue', {}, true, { deliveries: 2, exact: false, fresh: false }],
    ['another, of a quorum queue', { 'x-delivery-count': 1 }, true, { deliveries: 2, exact: false, fresh: false }],
    ['the fifth, of a quorum queue', { 'x-delivery-count': 4 }, true, { deliveries: 5, exact: false, fresh: false }],
    ['another, whose count is none', { 'x-delivery-count': 'x' }, true, { deliveries: 2, exact: false, fresh: false }],
    ['without headers', undefined, true, { deliveries: 2, exact: false, fresh: false }],
  ])('%s', (_, headers, redelivered, expected) => {
    expect(historyOf(headers, redelivered)).toMatchObject({ deliveries: expected })
    expect(historyOf(headers, redelivered).kind).toBeUndefined()
  })
})

describe.each([
  ['RabbitMQ 3', three],
  ['RabbitMQ 4', four],
])('a message that %s moved', (_, written) => {
  test.each(['rejected', 'expired', 'maxlen', 'delivery_limit'])('once is a dead letter: %s', (reason) => {
    expect(historyOf(written(['billing', reason, 1]))).toEqual({
      deliveries: { ...FRESH, earlier: 0 },
      kind: 'dead_letter',
      deadLetter: { source: 'billing', reason, waited: reason === 'expired' },
      queuedAt: AT,
      movedAt: undefined,
      before: reason === 'rejected' || reason === 'delivery_limit' ? 'billing' : undefined,
    })
  })

  test('twice tells the latest move, and where it was handled at last', () => {
    const history = historyOf(written(['billing.wait', 'expired', 1], ['billing', 'rejected', 1]))
    expect(history).toMatchObject({
      kind: 'dead_letter',
      deadLetter: { source: 'billing.wait', reason: 'expired', waited: false },
      before: 'billing',
    })
  })

  test('round and round is a delayed retry, of one attempt for each time it was rejected here', () => {
    const history = historyOf(written(['orders.wait', 'expired', 3], ['orders', 'rejected', 3]))
    expect(history).toEqual({
      deliveries: { ...FRESH, earlier: 3 },
      kind: 'delayed',
      deadLetter: undefined,
      // The broker tells the time of the first round only.
      queuedAt: null,
      movedAt: AT,
      before: undefined,
    })
  })

  test('round and round tells when it did so at the earliest: the latest of the times that the broker tells', () => {
    const headers = written(['orders.wait', 'expired', 3], ['orders', 'rejected', 3])
    const [waited, rejected] = headers['x-death']
    const later = { ...waited, time: { '!': 'timestamp', value: TIME.value + 5 } }
    for (const deaths of [
      [later, rejected],
      [{ ...rejected, time: undefined }, later],
    ]) {
      expect(historyOf({ ...headers, 'x-death': deaths }).movedAt).toBe(AT + 5_000)
    }
  })

  test('straight back is an immediate retry', () => {
    expect(historyOf(written(['orders', 'rejected', 1]))).toMatchObject({
      deliveries: { earlier: 1 },
      kind: 'immediate',
      queuedAt: AT,
    })
  })

  test('back after nobody handled it has no attempts behind it', () => {
    expect(historyOf(written(['orders', 'expired', 2]))).toMatchObject({ deliveries: { earlier: 0 }, kind: 'delayed' })
  })

  test('to a queue that nobody knows is a dead letter', () => {
    expect(historyOf(written(['orders', 'rejected', 1]), false, null)).toMatchObject({ kind: 'dead_letter' })
  })

  test('from one quorum queue to another begins with a count that says nothing', () => {
    const headers = { ...written(['billing', 'rejected', 1]), 'x-delivery-count': 1 }
    expect(historyOf(headers, true)).toMatchObject({ deliveries: { deliveries: 1, exact: false } })
    expect(historyOf(headers, true).deliveries).not.toHaveProperty('fresh')
  })

  test('to a classic queue, and is handed out again there, is known by that', () => {
    expect(historyOf(written(['billing', 'rejected', 1]), true)).toMatchObject({
      deliveries: { deliveries: 2, exact: false, fresh: false },
    })
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
      before: 'a',
    })
  })

  test.each([
    ['a list that is none', { 'x-death': 'rejected' }],
    ['entries that are none', { 'x-death': [null, 7, 'text', {}, { queue: 1, reason: 2 }] }],
    ['half of a death', { 'x-last-death-queue': 'b' }],
  ])('are no history: %s', (_, headers) => {
    expect(historyOf(headers)).toMatchObject({ deliveries: FRESH })
    expect(historyOf(headers).deadLetter).toBeUndefined()
  })

  test('of an old broker without a count or a time are one death, some time', () => {
    expect(historyOf({ 'x-death': [{ queue: 'orders', reason: 'rejected', time: null }] })).toMatchObject({
      deliveries: { earlier: 1 },
      queuedAt: null,
      movedAt: undefined,
    })
  })
})

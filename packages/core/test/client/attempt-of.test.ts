import { beforeAll, describe, expect, test } from 'vitest'
import { createArrivals } from '../../src/client/arrivals.ts'
import { failedMemory } from '../../src/memory/attempts.ts'
import type { AdapterTracing } from '../../src/tracing.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { delivery, lineage, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

interface Message {
  readonly id: string
}

const arrivals = createArrivals('test.attempt-of')
const attemptOf = (message: Message | undefined) =>
  arrivals.attemptOf(message, ({ facts }) => facts?.messageId === message!.id)

/** Receives a message, which may be known by its identity at its next delivery. */
function receive(tracing: AdapterTracing, part: Partial<Delivery> = {}, id = crypto.randomUUID()) {
  const message: Message = Object.freeze({ id })
  const arrival = { tracing, delivery: delivery({ facts: { messageId: id }, identity: id, ...part }) }
  arrivals.note(message, arrival)
  return { message, delivery: arrival.delivery, id }
}

/** Headers of a copy that was moved. */
const moved = (field: Parameters<typeof lineage>[0], facts: Readonly<Record<string, string>> = {}) => ({
  traceparent: TRACEPARENT,
  tracebaton: lineage(field),
  ...facts,
})

describe('the attempt on a message', () => {
  test('is told by the object, by a clone of it, and in the batch it came in', () => {
    const { tracing } = createTraced()
    const { message, delivery: handled } = receive(tracing, { sentAt: 1000, maxAttempts: 3 })
    const facts = { attempt: 1, maxAttempts: 3, kind: 'first', firstSent: 1000, sent: 1000 }
    const ask = () => [message, { ...message }, structuredClone(message)].map(attemptOf)
    expect(tracing.process(handled, ask)).toMatchObject([facts, facts, facts])
    const other = receive(tracing, { sentAt: 2000 })
    const inBatch = tracing.processBatch([other.delivery], () => [other.message, { ...other.message }].map(attemptOf))
    expect(inBatch).toMatchObject([{ sent: 2000 }, { sent: 2000 }])
  })

  test('is told of the very message alone', () => {
    const { tracing } = createTraced()
    const [one, other] = [receive(tracing), receive(tracing)]
    expect(tracing.process(one.delivery, () => [attemptOf(other.message), attemptOf({ ...other.message })])).toEqual([
      undefined,
      undefined,
    ])
  })

  test('is not told of a message that is not being handled, or is none', async () => {
    const { tracing } = createTraced()
    const { message, delivery: handled } = receive(tracing)
    expect(attemptOf(message)).toBeUndefined()
    tracing.process(handled, () => {
      for (const nonsense of [undefined, null, 'text', 1, {}]) expect(attemptOf(nonsense as never)).toBeUndefined()
    })
    expect(attemptOf(message)).toBeUndefined()
    let later!: () => unknown
    await tracing.process(handled, async () => void (later = () => attemptOf({ ...message })))
    expect(later()).toBeUndefined()
  })

  test('is told until the message is settled', () => {
    const { tracing } = createTraced()
    const { message, delivery: handled } = receive(tracing)
    const attempt = tracing.open(handled)
    attempt.run(() => {})
    expect(attemptOf(message)).toMatchObject({ attempt: 1 })
    attempt.settle('acked')
    expect(attemptOf(message)).toBeUndefined()
  })

  test('says nothing of a time at which no copy can be due', () => {
    const { tracing } = createTraced()
    const { message, delivery: handled } = receive(tracing, { sentAt: 1000, delay: 1e308 })
    expect(tracing.process(handled, () => attemptOf(message))).toMatchObject({ sent: 1000, due: undefined })
  })

  test('says nothing of the delay of a copy that was moved since it was sent', () => {
    const { tracing } = createTraced()
    const { message, delivery: handled } = receive(tracing, { sentAt: 1000, delay: 500, queuedAt: null })
    expect(tracing.process(handled, () => attemptOf(message))).toMatchObject({ sent: 1000, due: undefined })
  })

  test('says when a delayed copy is due, of how many attempts it is one, and what the one before failed with', () => {
    const { tracing } = createTraced()
    const field = { attempt: 2, maxAttempts: 3, firstSent: 500, sent: 2000, delay: 4000, kind: 'delayed' } as const
    const facts = { 'tracebaton-attempts': '1', 'tracebaton-error-type': 'OrderError' }
    const carrier = moved(field, { ...facts, 'tracebaton-error-message': 'no stock' })
    const { message, delivery: handled } = receive(tracing, { carrier, sentAt: 1500 })
    expect(tracing.process(handled, () => attemptOf(message))).toEqual({
      attempt: 2,
      maxAttempts: 3,
      kind: 'delayed',
      firstSent: 500,
      sent: 2000,
      due: 6000,
      previousFailure: { errorType: 'OrderError', errorMessage: 'no stock' },
    })
  })

  test('says nothing that a producer wrote who is not trusted', () => {
    const { tracing } = createTraced({ trust: 'ignore' })
    const carrier = moved({ attempt: 7, delay: 4000, kind: 'delayed' }, { 'tracebaton-attempts': '6' })
    const { message, delivery: handled } = receive(tracing, { carrier })
    expect(tracing.process(handled, () => attemptOf(message))).toMatchObject({
      attempt: 1,
      kind: 'first',
      due: undefined,
      previousFailure: undefined,
    })
  })
})

const fail = (error: unknown) => (): never => {
  throw error
}

describe('the failure of the attempt before', () => {
  test.each([
    ['its identity', {}],
    ['what failed', { queue: 'orders', memory: failedMemory }],
  ])('is remembered by %s, for the next delivery', (_, part) => {
    const { tracing } = createTraced({ deadLetter: { errorStack: true } })
    const first = receive(tracing, part)
    const error = Object.assign(new RangeError('no stock at shop://user:secret@host'), { stack: 'long' })
    expect(() => tracing.process(first.delivery, fail(error))).toThrow(error)
    const again = receive(tracing, { ...part, count: { deliveries: 2, exact: false } }, first.id)
    expect(tracing.process(again.delivery, () => attemptOf(again.message))).toMatchObject({
      attempt: 2,
      previousFailure: { errorType: 'RangeError', errorMessage: 'no stock at shop://***@host' },
    })
  })

  test('is remembered where an arrival is handled again', () => {
    const { tracing } = createTraced()
    const { message, delivery: handled } = receive(tracing)
    expect(() => tracing.process(handled, fail('no stock'))).toThrow('no stock')
    const again = tracing.process(handled, () => attemptOf(message))
    expect(again).toMatchObject({ attempt: 2, previousFailure: { errorType: 'string', errorMessage: 'no stock' } })
    expect(tracing.process(handled, () => attemptOf(message)?.previousFailure)).toBeUndefined()
  })

  test('that was never thrown is the one that a move told of', async () => {
    const { tracing } = createTraced()
    const { delivery: handled, id } = receive(tracing)
    const move = { kind: 'retry', delivery: handled, error: new RangeError('no stock') } as const
    const copy = { carrier: { traceparent: TRACEPARENT } }
    const publication = { system: 'kafka', operation: 'send', destination: {}, batch: false, messages: [copy], move }
    tracing.process(handled, () => tracing.send(publication, () => {}))
    const again = receive(tracing, { count: { deliveries: 2, exact: false } }, id)
    expect(tracing.process(again.delivery, () => attemptOf(again.message))).toMatchObject({
      previousFailure: { errorType: 'RangeError' },
    })
  })
})

test('without an SDK, what the message says of its attempt is told', () => {
  const tracing = createAdapterTracing()
  expect(tracing.isIdle()).toBe(true)
  const carrier = moved({ attempt: 3, kind: 'immediate' })
  const { message, delivery: handled } = receive(tracing, { carrier })
  expect(tracing.process(handled, () => attemptOf(message))).toMatchObject({ attempt: 3, kind: 'immediate' })
})

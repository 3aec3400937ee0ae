import { beforeAll, describe, expect, test } from 'vitest'
import { createArrivals } from '../../src/client/arrivals.ts'
import type { Arrival } from '../../src/instances.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

interface Message {
  readonly id: string
}

const arrivals = createArrivals<Arrival & { readonly note: string }>('test.arrivals')
const { tracing } = createTraced()

/** Receives a message. */
function receive(id: string) {
  const message: Message = Object.freeze({ id })
  const arrival = { tracing, delivery: delivery({ facts: { messageId: id } }), note: id }
  arrivals.note(message, arrival)
  return { message, arrival, delivery: arrival.delivery }
}

/** The arrival of a message that the application gives back to us. */
const arrivalOf = (message: Message | undefined) =>
  arrivals.of(message, ({ facts }) => facts?.messageId === message!.id)

describe('the arrival of a message', () => {
  test('is found by the very object, wherever it is', () => {
    const { message, arrival } = receive('m-1')
    expect(arrivalOf(message)).toBe(arrival)
  })

  test('is the latest one of an object that is handed out again', () => {
    const { message } = receive('m-1')
    const later = { tracing, delivery: delivery(), note: 'later' }
    arrivals.note(message, later)
    expect(arrivalOf(message)).toBe(later)
  })

  test('is found for a clone in the handler of its message, by comparison', () => {
    const traced = createTraced()
    const { message, arrival, delivery: handled } = receive('m-1')
    const found = traced.tracing.process(handled, () => [
      arrivalOf({ ...message }),
      arrivalOf(structuredClone(message)),
      arrivalOf({ id: 'm-2' }),
    ])
    expect(found).toEqual([arrival, arrival, undefined])
    expect(found[0]).toBe(arrival)
  })

  test('is found for a clone in the handler of its batch, by comparison', () => {
    const traced = createTraced()
    const all = ['m-1', 'm-2', 'm-3'].map(receive)
    const found = traced.tracing.processBatch(
      all.map((one) => one.delivery),
      () => ['m-2', 'm-3', 'm-4'].map((id) => arrivalOf({ id })),
    )
    expect(found).toEqual([all[1]?.arrival, all[2]?.arrival, undefined])
  })

  test.each(['in their order', 'backwards'])(
    'is found for the clones of a large batch in a few steps each, %s',
    (order) => {
      const traced = createTraced()
      const all = Array.from({ length: 300 }, (_, index) => receive(`m-${index}`))
      const asked = order === 'backwards' ? all.toReversed() : all
      let steps = 0
      const found = traced.tracing.processBatch(
        all.map((one) => one.delivery),
        () =>
          asked.map(({ message: { id } }) =>
            arrivals.of({ id }, ({ facts }) => {
              steps += 1
              return facts?.messageId === id
            }),
          ),
      )
      expect(found).toEqual(asked.map(({ arrival }) => arrival))
      expect(steps).toBeLessThan(4 * all.length)
    },
  )

  test('is that of the object, if the handler of another message asks', () => {
    const traced = createTraced()
    const [one, other] = [receive('m-1'), receive('m-2')]
    expect(traced.tracing.process(one.delivery, () => arrivalOf(other.message))).toBe(other.arrival)
    expect(traced.tracing.process(one.delivery, () => arrivalOf({ ...other.message }))).toBeUndefined()
  })

  test('is not known of a clone elsewhere', () => {
    const { message } = receive('m-1')
    expect(arrivalOf({ ...message })).toBeUndefined()
  })

  test('is not known of what is no message, and that is for the client to say', () => {
    const traced = createTraced()
    const { delivery: handled } = receive('m-1')
    expect(traced.tracing.process(handled, () => arrivalOf(undefined))).toBeUndefined()
  })
})

import { partitionsOf, resolveTracing, type Delivery } from '@tracebaton/core/adapter'
import { describe, expect, test } from 'vitest'
import type { ReceivedMessage } from '../src/client.ts'
import { toDelivery as describeDelivery, toOutgoing, toSendResults } from '../src/describe.ts'
import { received } from './fake-kafka.ts'
import { SCOPE } from '../src/scope.ts'

const tracing = resolveTracing(undefined, SCOPE)
const position = { topic: 'orders', partition: 3, group: 'billing' }

/** Kept, as consumers keep those of their group. */
const groups = ['billing', 'mailer'].map((group) => partitionsOf(group))

function toDelivery(_: typeof tracing, message: ReceivedMessage, at: typeof position): Delivery {
  const partitions = groups.find(({ group }) => group === at.group)!
  return describeDelivery(tracing, message, at.topic, partitions.of(at.topic, at.partition), at.group)
}

/** Makes an object and all below it fail when somebody writes to it. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

describe('toDelivery', () => {
  test('only reads, and says the same of the same message', () => {
    const message = frozen({ ...received({ a: '1' }, 7), timestamp: '1700000000000' })
    const delivery = toDelivery(tracing, message, position)
    expect(delivery).toEqual(toDelivery(tracing, message, position))
    expect(delivery).toMatchObject({
      system: 'kafka',
      destination: { name: 'orders' },
      facts: { consumerGroup: 'billing', partition: '3', offset: 7 },
      sentAt: 1_700_000_000_000,
    })
    expect(delivery.carrier).toBe(message.headers)
  })

  test('names the arrival by its partition and offset, for the group', () => {
    const message = { ...received({}, 0), timestamp: '1700000000000' }
    const keys = [
      toDelivery(tracing, message, position),
      toDelivery(tracing, { ...message, offset: '1' }, position),
      toDelivery(tracing, message, { ...position, partition: 4 }),
      toDelivery(tracing, message, { ...position, topic: 'emails' }),
      toDelivery(tracing, message, { ...position, group: 'mailer' }),
    ].map(({ source, key }) => [source, key])
    for (const [index, one] of keys.entries()) {
      expect(keys.filter(([source, key]) => source === one[0] && key === one[1])).toHaveLength(1)
      expect(keys.indexOf(one)).toBe(index)
    }
    const again = toDelivery(tracing, { ...message }, position)
    expect([again.source, again.key]).toEqual(keys[0])
  })

  test.each(['-1', '', 'nonsense'])('knows no sent time from %o', (timestamp) => {
    expect(toDelivery(tracing, { ...received(), timestamp }, position).sentAt).toBeUndefined()
  })

  test('leaves out an offset that a number cannot hold', () => {
    const offset = '9007199254740993'
    const delivery = toDelivery(tracing, { ...received(), offset }, position)
    expect(delivery.facts?.offset).toBeUndefined()
    expect(delivery.key).toBe(offset)
  })

  test('takes a message without headers', () => {
    const { headers: _, ...message } = received()
    expect(() => toDelivery(tracing, message, position)).not.toThrow()
  })
})

test('toOutgoing only reads', () => {
  const message = frozen({ value: null, partition: 2, headers: { a: '1' } })
  expect(toOutgoing(tracing, 'orders', message, undefined)).toMatchObject({
    destination: { name: 'orders' },
    facts: { partition: '2', tombstone: true },
  })
})

describe('toSendResults', () => {
  const place = { topicName: 'orders', partition: 0, errorCode: 0 }

  test.each([
    ['baseOffset', [{ ...place, baseOffset: '5' }], 5],
    ['the offset of an old broker', [{ ...place, offset: '6' }], 6],
    ['an offset beyond numbers', [{ ...place, baseOffset: '9007199254740993' }], undefined],
  ])('takes %s', (_, answer, offset) => {
    expect(toSendResults(answer, 1)).toEqual({ messages: [{ facts: { partition: '0', offset } }] })
  })

  test('claims nothing where several messages or places make it a guess', () => {
    expect(toSendResults([{ ...place, baseOffset: '5' }], 2)).toBeUndefined()
    expect(toSendResults([place, place], 1)).toBeUndefined()
    expect(toSendResults([], 1)).toBeUndefined()
    expect(toSendResults(undefined, 1)).toBeUndefined()
  })
})

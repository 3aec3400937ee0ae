import { context as contexts, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import { beforeAll, describe, expect, test } from 'vitest'
import type { FieldChanges } from '../../src/wire/carrier.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import { CREATION, publication } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const upTo = (count: number) => (fields: FieldChanges) => Object.keys(fields).length <= count

const refusesBaggage = (fields: FieldChanges): boolean => !('uberctx-tenant' in fields)

const skipped = (traced: Traced, reason: string) => traced.counted(METRICS.skipped[0], { [OURS.reason]: reason })

describe('where fields do not fit', () => {
  const ambient = propagation.setBaggage(
    trace.setSpanContext(ROOT_CONTEXT, CREATION),
    propagation.createBaggage({ tenant: { value: '7' } }),
  )
  const sendOne = (traced: Traced, message: object) =>
    contexts.with(ambient, () => traced.tracing.send(publication([message]), ([injection]) => injection))
  test('the whole set goes first', async () => {
    const traced = createTraced()
    expect(Object.keys(sendOne(traced, { fits: upTo(3), delay: 1 })?.fields ?? {})).toHaveLength(3)
    expect(await traced.counted(METRICS.skipped[0])).toBe(0)
    expect(traced.failures).toEqual([])
  })

  test('then traceparent alone', async () => {
    const traced = createTraced()
    const injection = sendOne(traced, { fits: upTo(1), delay: 1, slot: true })
    expect(Object.keys(injection?.fields ?? {})).toEqual(['traceparent'])
    expect(await skipped(traced, 'essential_only')).toBe(1)
  })

  test('then what a propagator says are its fields, without those that it named after entries of baggage', async () => {
    const traced = createTraced({ propagator: new JaegerPropagator() })
    const injection = sendOne(traced, { fits: refusesBaggage, delay: 1, slot: true })
    expect(Object.keys(injection?.fields ?? {})).toEqual(['uber-trace-id'])
    expect(injection?.slot).toBeUndefined()
    expect(await skipped(traced, 'essential_only')).toBe(1)
  })

  test('then the slot of the broker', async () => {
    const traced = createTraced()
    const injection = sendOne(traced, { fits: upTo(0), slot: true })
    expect(injection).toEqual({ slot: traced.span('send orders').spanContext() })
    expect(await skipped(traced, 'broker_slot')).toBe(1)
  })

  test('then nothing; the message goes out, the skip is counted and reported', async () => {
    const traced = createTraced()
    expect(sendOne(traced, { fits: upTo(0) })).toBeUndefined()
    expect(await skipped(traced, 'no_room')).toBe(1)
    expect(traced.failures.map(({ stage }) => stage)).toEqual(['headers'])
    expect(traced.ledger.unbalanced()).toBe(0)
  })
})

describe('messages that are taken together', () => {
  test.each([
    ['9 with a span each', 9],
    ['11 with one span', 11],
  ])('are asked for how many get fields, and what is left out is said once: %s', async (_, count) => {
    const traced = createTraced()
    const asked: number[] = []
    const fits = (_fields: FieldChanges, together: number): boolean => asked.push(together) < 0
    const kept = { carrier: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }, fits }
    const messages = [kept, ...Array.from({ length: count }, () => ({ fits }))]
    expect(traced.tracing.send(publication(messages), (all) => all).filter(Boolean)).toEqual([])
    expect(new Set(asked)).toEqual(new Set([count]))
    expect(await skipped(traced, 'no_room')).toBe(1)
    expect(traced.failures).toHaveLength(1)
  })

  test('of two kinds are asked by themselves', () => {
    const traced = createTraced()
    const asked: string[] = []
    const messages = ['a', 'b', 'b'].map((kind) => ({ kind }))
    const byKind = {
      a: (_: FieldChanges, count: number) => asked.push(`a${count}`) > 0,
      b: (_: FieldChanges, count: number) => asked.push(`b${count}`) > 0,
    }
    traced.tracing.send(publication(messages.map(({ kind }) => ({ fits: byKind[kind as 'a'] }))), () => {})
    expect(asked).toEqual(['a1', 'b2', 'b2'])
  })
})

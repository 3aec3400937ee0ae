import { SpanStatusCode } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import { delivery, publication, SPAN } from '../messages.ts'
import { measure } from '../measure.ts'
import { spanContext } from '../sample.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const steering = new Error('later')

/** A client that gives one error a meaning, and takes every other for the end. */
const steered = delivery({
  meaning: (error) => ({
    outcome: error === steering ? 'retry_scheduled' : 'dead_lettered',
    steered: error === steering,
  }),
})

const fail = (error: unknown) => () => {
  throw error
}

describe('what an adapter knows of a delivery', () => {
  test('related spans are linked before all others, where a span that may have few links drops them first', () => {
    const [first, second] = [spanContext('a'), spanContext('b')]
    const related = [
      { role: 'child_job', context: first },
      { role: 'scheduler', context: second },
    ] as const
    const traced = createTraced()
    traced.tracing.process(delivery({ related }), () => {})
    const { links } = traced.span('process orders')
    expect(links.map(({ context, attributes }) => [context.spanId, attributes?.[OURS.linkRole]])).toEqual([
      [first.spanId, 'child_job'],
      [second.spanId, 'scheduler'],
      [SPAN, 'creation'],
    ])
  })

  test('a delay that was asked for is no time in the queue', () => {
    const { tracing, span } = createTraced()
    tracing.process(delivery({ sentAt: 1_000, delay: 4_000, deliveredAt: 5_500 }), () => {})
    expect(span('process orders').attributes).toMatchObject({ [OURS.queueTime]: 0.5, [OURS.queueAge]: 4.5 })
  })

  test('handling that began before counts from there', async () => {
    const startedAt = Date.now() - 60_000
    const { tracing, span } = createTraced()
    tracing.process(delivery({ startedAt }), () => {})
    expect(span('process orders').startTime[0]).toBe(Math.floor(startedAt / 1000))
    const measured = measure()
    measured.tracing.process(delivery({ startedAt }), () => {})
    const { [METRICS.processDuration[0]]: durations } = await measured.points()
    expect(durations?.[0]?.sum).toBeGreaterThanOrEqual(60)
  })

  test('a message that came back after it was given up counts its attempts from one', () => {
    const { tracing, span } = createTraced()
    tracing.process(delivery({ kind: 'redrive', redrives: 2 }), () => {})
    expect(span('process orders').attributes).toMatchObject({
      [OURS.attempt]: 1,
      [OURS.redrives]: 2,
      [OURS.kind]: 'redrive',
    })
  })
})

describe('an error that means something to the client', () => {
  test('is no failure where the handler steered by it', async () => {
    const { tracing, span, counted } = createTraced()
    expect(() => tracing.process(steered, fail(steering))).toThrow(steering)
    const { status, attributes, events } = span('process orders')
    expect(status.code).toBe(SpanStatusCode.UNSET)
    expect(attributes[OURS.outcome]).toBe('retry_scheduled')
    expect(attributes).not.toHaveProperty('error.type')
    expect(events).toEqual([])
    expect(await counted(METRICS.processDuration[0], { 'error.type': undefined })).toBe(1)
  })

  test('decides the outcome where it is one', () => {
    const { tracing, span } = createTraced()
    expect(() => tracing.process(steered, fail(new TypeError('no')))).toThrow(TypeError)
    const { status, attributes } = span('process orders')
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes).toMatchObject({ [OURS.outcome]: 'dead_lettered', 'error.type': 'TypeError' })
  })

  test('decides nothing where the broker has been told already', () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(steered)
    attempt.settle('rejected')
    expect(() => attempt.run(fail(steering))).toThrow(steering)
    expect(span('process orders').attributes[OURS.outcome]).toBe('rejected')
  })

  test('is a plain failure where the adapter cannot tell', () => {
    const { tracing, span, failures } = createTraced()
    const unsure = delivery({ meaning: fail(new Error('cannot tell')) })
    expect(() => tracing.process(unsure, fail(steering))).toThrow(steering)
    expect(span('process orders').attributes[OURS.outcome]).toBe('requeued')
    expect(failures).not.toEqual([])
  })
})

test('a batch whose size only the answer knows is counted by it', async () => {
  const { tracing, span, counted } = createTraced()
  tracing.send(publication([{}], { batch: true, results: () => ({ count: 7 }) }), () => {})
  expect(span('send orders').attributes['messaging.batch.message_count']).toBe(7)
  expect(await counted(METRICS.sent[0])).toBe(7)
})

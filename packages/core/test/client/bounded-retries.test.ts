import { context as contexts } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { moveMessage, retryResult } from '../../src/client/moves.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { createAdapterTracing, type AdapterTracing } from '../../src/tracing.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { delivery, lineage, publication, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const error = new RangeError('no stock')

/** A copy that was sent for this attempt. */
const copy = (attempt: number, part: Partial<Delivery> = {}): Delivery =>
  delivery({ carrier: { traceparent: TRACEPARENT, tracebaton: lineage({ attempt, kind: 'immediate' }) }, ...part })

const hasRoomForOneText = (fields: object): boolean =>
  Object.values(fields).filter((value) => value !== undefined).length === 1

/** Retries a message, as `retryLater` of an adapter does. */
async function retry(
  tracing: AdapterTracing,
  received: Delivery | undefined,
  maxAttempts?: number,
  fits?: (fields: object) => boolean,
  slot?: boolean,
) {
  const call = vi.fn<(to: string, injection: Injection | undefined) => Promise<string>>(async () => 'sent')
  const { carrier } = received ?? delivery()
  const result = await retryResult(
    moveMessage(
      { kind: 'retry', tracing, delivery: received, to: undefined, from: 'orders', error, maxAttempts },
      () => publication([{ carrier, fits, slot }]),
      call,
    ),
  )
  const [first] = call.mock.calls
  const fields = first?.[1]?.fields ?? {}
  const field = fields['tracebaton']
  const told = field === undefined ? undefined : parseLineage(field)
  return { result, calls: call.mock.calls.length, call: first, fields, lineage: told }
}

describe('a retry', () => {
  test.each([
    [undefined, 1, 'retried'],
    [undefined, 1_000, 'retried'],
    [3, 1, 'retried'],
    [3, 2, 'retried'],
    [3, 3, 'exhausted'],
    [3, 4, 'exhausted'],
    [1, 1, 'exhausted'],
    [0, 1, 'exhausted'],
    [Number.POSITIVE_INFINITY, 1_000, 'retried'],
    [Number.NaN, 1, 'exhausted'],
  ] as const)('of at most %s attempts, in attempt %i, is %s', async (most, attempt, expected) => {
    const { tracing } = createTraced()
    const retried = await tracing.process(copy(attempt), async () => retry(tracing, copy(attempt), most))
    const next = expected === 'retried' ? attempt + 1 : undefined
    expect([retried.result, retried.lineage?.attempt, retried.calls]).toEqual([
      expected,
      next,
      Number(next !== undefined),
    ])
  })

  test('that is bounded rather counts its attempts than that it bears a context', async () => {
    const { tracing } = createTraced()
    const { fields, lineage: told } = await retry(tracing, copy(2), 5, hasRoomForOneText)
    expect(told).toMatchObject({ attempt: 3, maxAttempts: 5 })
    expect(fields).toMatchObject({ traceparent: undefined, tracebaton: expect.any(String) })
  })

  test('counts on while tracing is suppressed', async () => {
    const { tracing } = createTraced()
    const retried = await contexts.with(suppressTracing(contexts.active()), async () => retry(tracing, copy(2), 5))
    expect([retried.result, retried.lineage?.attempt]).toEqual(['retried', 3])
    expect(Object.keys(retried.fields)).not.toContain('traceparent')
  })

  test('counts on while tracing is suppressed where a message has room for one field, in place of its context', async () => {
    const { tracing } = createTraced()
    const carrier = { traceparent: TRACEPARENT }
    const fits = (fields: object): boolean => hasRoomForOneText({ ...carrier, ...fields })
    const suppressed = suppressTracing(contexts.active())
    const {
      result,
      fields,
      lineage: told,
    } = await contexts.with(suppressed, () => retry(tracing, delivery({ carrier }), 5, fits))
    expect(result).toBe('retried')
    expect(told).toMatchObject({ attempt: 2, maxAttempts: 5 })
    expect(fields).toHaveProperty('traceparent', undefined)
    const unbounded = await contexts.with(suppressed, () => retry(tracing, delivery({ carrier }), undefined, fits))
    expect(unbounded.fields).toEqual({})
  })

  test('counts on beside a context of a platform that decides nothing', async () => {
    const slot = { traceparent: TRACEPARENT, decides: false }
    const received = delivery({ carrier: { tracebaton: '1;a=2;m=5;k=immediate' }, slot })
    const { lineage: told } = await retry(createTraced().tracing, received, 5)
    expect(told).toMatchObject({ attempt: 3 })
  })

  test('says on its copy, and on the attempt at hand, how many attempts there are', async () => {
    const traced = createTraced()
    const received = delivery({ key: 'r-1' })
    const { lineage: said } = await traced.tracing.process(received, async () => retry(traced.tracing, received, 3))
    expect(said).toMatchObject({ attempt: 2, maxAttempts: 3 })
    expect(traced.span('process orders').attributes).toMatchObject({
      [OURS.attempt]: 1,
      [OURS.maxAttempts]: 3,
      [OURS.outcome]: 'retry_scheduled',
    })
  })

  test('counts on from the attempt at hand, however the message is known, and after its handler', async () => {
    const { tracing } = createTraced()
    const received = copy(2, { key: 'r-1' })
    const clone = { ...received, verdict: undefined }
    expect(await tracing.process(received, async () => (await retry(tracing, clone, 2)).result)).toBe('exhausted')
    expect(await retry(tracing, received, 2)).toMatchObject({ result: 'exhausted' })
    expect(await retry(tracing, received, 3)).toMatchObject({ result: 'retried' })
  })

  test('is bounded without an SDK, too', async () => {
    const tracing = createAdapterTracing()
    expect(await tracing.process(copy(2), async () => retry(tracing, copy(2), 3))).toMatchObject({
      result: 'retried',
      lineage: { attempt: 3, maxAttempts: 3 },
    })
    expect(await retry(tracing, copy(3), 3)).toMatchObject({ result: 'exhausted', calls: 0 })
  })

  test('of a message without a context is bounded without an SDK, too, and stays without one', async () => {
    const tracing = createAdapterTracing()
    const first = await retry(tracing, delivery({ carrier: {} }), 2)
    expect(first).toMatchObject({ result: 'retried', lineage: { attempt: 2, maxAttempts: 2 } })
    expect(Object.keys(first.fields)).not.toContain('traceparent')
    const second = await retry(tracing, delivery({ carrier: first.fields }), 2)
    expect(second).toMatchObject({ result: 'exhausted', calls: 0 })
    const counted = createTraced()
    await counted.tracing.process(delivery({ carrier: first.fields }), async () => {})
    expect(counted.span('process orders').attributes).toMatchObject({ [OURS.attempt]: 2, [OURS.maxAttempts]: 2 })
  })

  test('is bounded where another tracer puts its own context on every copy', async () => {
    const { tracing } = createTraced()
    const results: string[] = []
    let carrier: Readonly<Record<string, unknown>> = {}
    for (let hop = 1; hop <= 4; hop += 1) {
      const traceparent = TRACEPARENT.replace(/^00-.{8}/, `00-${String(hop).repeat(8)}`)
      const received = delivery({ carrier: { ...carrier, traceparent }, key: hop })
      // oxlint-disable-next-line no-await-in-loop -- one hop after the other
      const retried = await tracing.process(received, async () => retry(tracing, received, 3))
      results.push(retried.result)
      carrier = retried.fields
    }
    expect(results.slice(0, 3)).toEqual(['retried', 'retried', 'exhausted'])
  })

  test('of a message that has room for the count alone is counted', async () => {
    const tracing = createAdapterTracing()
    const { fields } = await retry(tracing, delivery({ carrier: {} }), 2, hasRoomForOneText)
    expect(Object.keys(fields)).toEqual(['tracebaton'])
  })

  test('of a message that has no room for the count is none, if there is a bound, and that is said', async () => {
    const traced = createTraced()
    const received = copy(1, { key: 'r-1' })
    const full = (most?: number) => retry(traced.tracing, received, most, () => false)
    expect(await traced.tracing.process(received, () => full(3))).toMatchObject({ result: 'exhausted', calls: 0 })
    expect(traced.span('process orders').attributes).toMatchObject({ [OURS.attempt]: 1, 'error.type': 'RangeError' })
    expect(traced.failures).toMatchObject([{ error: { message: expect.stringContaining('no room for the number') } }])
    expect(traced.spans).toHaveLength(1)
    expect(await full()).toMatchObject({ result: 'retried', calls: 1, fields: {} })
  })

  test('of a message that has room for the count alone bears its context in the broker’s own slot', async () => {
    const { tracing } = createTraced()
    const { call, lineage: told, fields } = await retry(tracing, copy(2), 5, hasRoomForOneText, false)
    expect(told).toMatchObject({ attempt: 3, creation: { spanId: TRACEPARENT.slice(36, 52) } })
    expect(fields).toMatchObject({ traceparent: undefined })
    expect(call?.[1]?.slot).toMatchObject({ spanId: TRACEPARENT.slice(36, 52) })
  })

  test('of a message that cannot be described is none, if there is a bound', async () => {
    const { tracing } = createTraced()
    expect(await retry(tracing, undefined, 3)).toMatchObject({ result: 'exhausted', calls: 0 })
    expect(await retry(tracing, undefined)).toMatchObject({ result: 'retried' })
  })

  test('rejects as the client does', async () => {
    const { tracing } = createTraced()
    const request = { kind: 'retry', tracing, delivery: delivery(), to: 'orders', from: undefined } as const
    const refused = moveMessage(
      request,
      () => publication(),
      () => Promise.reject(error),
    )
    await expect(retryResult(refused)).rejects.toBe(error)
  })

  test('with a bound says that it cannot count what an untrusted producer sent', async () => {
    const traced = createTraced({ trust: 'link-only' })
    expect(await retry(traced.tracing, copy(7), 3)).toMatchObject({ result: 'retried' })
    expect(traced.failures).toMatchObject([
      { stage: 'options', error: { message: expect.stringContaining('trusted') } },
    ])
  })
})

describe('an attempt whose message is not retried any more', () => {
  test('has failed with what it was to be retried for', async () => {
    const traced = createTraced()
    const received = copy(3, { key: 'r-1' })
    await traced.tracing.process(received, async () => retry(traced.tracing, received, 3))
    const { attributes, status } = traced.span('process orders')
    expect(attributes).toMatchObject({ 'error.type': 'RangeError', [OURS.outcome]: 'acked', [OURS.maxAttempts]: 3 })
    expect(status.code).toBe(2)
  })

  test('and whose error is thrown is given back, because the bound is not the broker’s', async () => {
    const traced = createTraced()
    const received = copy(3, { key: 'r-1', exhausted: 'dead_lettered' })
    const failing = traced.tracing.process(received, async () => {
      await retry(traced.tracing, received, 3)
      throw error
    })
    await expect(failing).rejects.toBe(error)
    expect(traced.span('process orders').attributes).toMatchObject({ [OURS.outcome]: 'requeued' })
  })
})

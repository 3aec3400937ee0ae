import { beforeAll, describe, expect, inject, test } from 'vitest'
import { sendDeadOrder, tracesOf } from '../src/backends/dead-order.ts'
import { traceOf, tracesWith } from '../src/backends/jaeger.ts'
import type { Truth } from '../src/backends/truth.ts'

const { collector, jaeger = '' } = inject('backends')

describe.skipIf(jaeger === '')('Jaeger', () => {
  let dead: Truth

  beforeAll(async () => {
    dead = await sendDeadOrder(collector, 'jaeger', {})
  })

  test('has every span of a journey that failed', async () => {
    const { first, others } = tracesOf(dead)
    const ids = dead.spans.map(({ spanId }) => spanId)
    await expect
      .poll(
        async () => {
          const found = await Promise.all([first, ...others].map((traceId) => traceOf(jaeger, traceId)))
          return found.flatMap((trace) => trace?.spans.map(({ spanID }) => spanID) ?? [])
        },
        { timeout: 15_000 },
      )
      .toEqual(expect.arrayContaining(ids))
  })

  test('finds messages that were given up by the outcome of their last attempt', async () => {
    const [tag, value] = ['tracebaton.delivery.outcome', 'dead_lettered']
    const given = dead.spans.find(({ attributes }) => attributes[tag] === value)
    await expect.poll(() => tracesWith(jaeger, 'billing', tag, value), { timeout: 15_000 }).toContain(given?.traceId)
  })

  test('finds all other traces of a journey by the trace of its first send', async () => {
    const options = { relation: 'link', followUp: 'producer' } as const
    const { first, others } = tracesOf(await sendDeadOrder(collector, 'jaeger-link', options))
    expect(others.length).toBeGreaterThan(3)
    await expect
      .poll(
        async () => {
          const services = ['billing', 'support']
          const found = await Promise.all(
            services.map((service) => tracesWith(jaeger, service, 'tracebaton.journey.trace_id', first)),
          )
          return [...new Set(found.flat())].toSorted()
        },
        { timeout: 15_000 },
      )
      .toEqual(others)
    expect(await traceOf(jaeger, first)).toBeDefined()
  })
})

import { beforeAll, describe, expect, inject, test } from 'vitest'
import { traceOf, tracesWith } from '../src/backends/jaeger.ts'
import { orderNoting, sendOrders, SERVICES } from '../src/backends/journeys.ts'
import { SLOW_QUEUE } from '../src/backends/recipes.ts'
import { startServices } from '../src/backends/services.ts'
import { type Truth, truthsOf } from '../src/backends/truth.ts'

const { collector, jaeger = '' } = inject('backends')

describe.skipIf(jaeger === '')('Jaeger', () => {
  let dead: Truth
  let traces: string[]

  beforeAll(async () => {
    const services = startServices(SERVICES, { collector, processor: orderNoting })
    const journeys = await sendOrders({ services, count: 20, name: 'jaeger', tracing: {}, slow: SLOW_QUEUE * 1500 })
    await services.shutdown()
    dead = truthsOf(journeys, services.recorder.spans).find(({ order }) => order.kind === 'dead')!
    traces = [...new Set(dead.spans.map(({ traceId }) => traceId))]
  })

  test('has every span of a journey that failed', async () => {
    const ids = dead.spans.map(({ spanId }) => spanId)
    await expect
      .poll(
        async () => {
          const found = await Promise.all(traces.map((traceId) => traceOf(jaeger, traceId)))
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
})

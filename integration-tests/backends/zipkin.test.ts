import { beforeAll, expect, inject, test } from 'vitest'
import { orderNoting, sendOrders, SERVICES } from '../src/backends/journeys.ts'
import { SLOW_QUEUE } from '../src/backends/recipes.ts'
import { startServices } from '../src/backends/services.ts'
import { type Truth, truthsOf } from '../src/backends/truth.ts'
import { dependencies, traceOf } from '../src/backends/zipkin.ts'

const { collector, zipkin } = inject('backends')

let dead: Truth

beforeAll(async () => {
  const services = startServices(SERVICES, { collector, processor: orderNoting })
  const journeys = await sendOrders({ services, count: 20, name: 'zipkin', tracing: {}, slow: SLOW_QUEUE * 1500 })
  await services.shutdown()
  dead = truthsOf(journeys, services.recorder.spans).find(({ order }) => order.kind === 'dead')!
})

test('a journey that failed is there, with every span of every trace', async () => {
  const traces = [...new Set(dead.spans.map(({ traceId }) => traceId))]
  const arrived = async (): Promise<string[]> => {
    const found = await Promise.all(traces.map((traceId) => traceOf(zipkin, traceId)))
    return found.flat().map(({ id }) => id)
  }
  const ids = dead.spans.map(({ spanId }) => spanId)
  await expect.poll(arrived, { timeout: 15_000 }).toEqual(expect.arrayContaining(ids))
})

test('the dependencies lead from the producer over the broker to the consumer', async () => {
  await expect
    .poll(async () => await dependencies(zipkin), { timeout: 15_000 })
    .toEqual(
      expect.arrayContaining([
        { parent: 'shop', child: 'stream' },
        { parent: 'stream', child: 'billing' },
        { parent: 'billing', child: 'stream' },
        { parent: 'stream', child: 'mailer' },
        { parent: 'stream', child: 'support' },
      ]),
    )
})

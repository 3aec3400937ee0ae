import { randomUUID } from 'node:crypto'
import { beforeAll, expect, inject, test } from 'vitest'
import { sendDeadOrder, tracesOf } from '../src/backends/dead-order.ts'
import type { Truth } from '../src/backends/truth.ts'
import { dependencies, traceOf, tracesWith } from '../src/backends/zipkin.ts'

const { collector, zipkin } = inject('backends')

let dead: Truth

beforeAll(async () => {
  dead = await sendDeadOrder(collector, 'zipkin', {})
})

test('a journey that failed is there, with every span of every trace', async () => {
  const { first, others } = tracesOf(dead)
  const arrived = async (): Promise<string[]> => {
    const found = await Promise.all([first, ...others].map((traceId) => traceOf(zipkin, traceId)))
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

test('the option peerService names the broker that the dependencies lead over', async () => {
  // Where it is not set, the Collector of the example names the messaging system.
  const broker = `broker-${randomUUID()}`
  await sendDeadOrder(collector, 'zipkin-peer', { peerService: broker })
  await expect
    .poll(async () => await dependencies(zipkin), { timeout: 15_000 })
    .toEqual(
      expect.arrayContaining([
        { parent: 'shop', child: broker },
        { parent: broker, child: 'billing' },
        { parent: 'billing', child: broker },
        { parent: broker, child: 'mailer' },
        { parent: broker, child: 'support' },
      ]),
    )
})

test('the trace of the first send finds all other traces of its journey', async () => {
  const options = { relation: 'link', followUp: 'producer' } as const
  const { first, others } = tracesOf(await sendDeadOrder(collector, 'zipkin-link', options))
  expect(others.length).toBeGreaterThan(3)
  await expect
    .poll(async () => (await tracesWith(zipkin, 'tracebaton.journey.trace_id', first)).toSorted(), { timeout: 15_000 })
    .toEqual(others)
  expect(await traceOf(zipkin, first)).not.toEqual([])
})

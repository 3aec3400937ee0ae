import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { only } from '../src/contract/expectations.ts'
import { startApplication } from '../src/framework.ts'

const retried = (queue: string): string[] => [
  `add ${queue}`,
  `process ${queue} attempt 1 requeued`,
  `process ${queue} attempt 2 acked`,
]

test('@nestjs/bullmq: a retried job, a flow, jobs in bulk, and a processor in a process of its own', async () => {
  const orders = `orders-${randomUUID()}`
  await using shop = await startApplication('nest-bullmq', { REDIS: inject('brokers').redis, ORDERS: orders })

  await shop.journey(retried(orders), 'charge')
  await shop.journey(retried(`${orders}-parcels`))
  for (const job of ['charge', 'inspect', 'refund', 'first', 'second', 'ship']) await shop.span(`${job} done`)
  // Each job of a flow, and each in bulk.
  await shop.journey([`create ${orders}`, `process ${orders} attempt 1 acked`])
  await shop.stop()

  assertPropagation(shop.receiver)
  const { spans } = shop.receiver
  const parentOf = (spanId: string | undefined) => only(spans.filter((span) => span.spanId === spanId))
  const ways = { inspect: '/returns', refund: '/returns', first: '/import', second: '/import' }
  for (const [job, path] of Object.entries(ways)) {
    const attempt = parentOf((await shop.span(`${job} done`)).parentSpanId)
    const create = parentOf(attempt.parentSpanId)
    assertSpan(create, { parent: await shop.span(`POST ${path}`) })
  }
  const sandboxed = parentOf((await shop.span('ship done')).parentSpanId)
  assertSpan(sandboxed, { attempt: 2, attributes: { 'tracebaton.delivery.attempt_source': 'broker' } })
})

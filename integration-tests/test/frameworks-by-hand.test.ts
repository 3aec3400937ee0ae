import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { awsEnvironment, createQueues, createTopics } from '../src/framework-brokers.ts'
import { startApplication, type Application } from '../src/framework.ts'

const { kafka, redis, sqs } = inject('brokers')

/** Nothing is patched: the application wraps its clients itself. */
const BY_HAND = { instrumentation: undefined }

const attempts = (queue: string): string[] => [
  `process ${queue} attempt 1 requeued`,
  `process ${queue} attempt 2 requeued`,
  `process ${queue} attempt 3 acked`,
]

async function expectRequest(shop: Application, queue: string): Promise<void> {
  await shop.stop()
  assertPropagation(shop.receiver)
  assertSpan(shop.operation('send', queue), { parent: await shop.span('POST /orders') })
}

test('NestJS over Kafka, by hand', async () => {
  const orders = `orders-${randomUUID()}`
  await createTopics(kafka, orders)
  await using shop = await startApplication('nest-kafka-by-hand', { KAFKA: kafka, ORDERS: orders }, BY_HAND)
  await shop.journey([`send ${orders}`, ...attempts(orders)])
  await expectRequest(shop, orders)
})

test.each(['sqs-consumer', 'nest-sqs'])('%s, by hand: single messages and batches', async (name) => {
  const [orders, parcels] = await createQueues(sqs, 'orders', 'parcels')
  const environment = { ...awsEnvironment(sqs), ORDERS: orders!.url, PARCELS: parcels!.url }
  await using shop = await startApplication(`${name}-by-hand`, environment, BY_HAND)
  const once = [`process ${orders!.name} attempt 1 acked`]
  await shop.journey([`send ${orders!.name}`, ...(name === 'nest-sqs' ? once : attempts(orders!.name))])
  for (const work of ['charge 1042', 'ship 1043', 'ship 1044']) await shop.span(work)
  await shop.journey([`create ${parcels!.name}`, `process ${parcels!.name} attempt 1 acked`])
  await expectRequest(shop, orders!.name)
})

test('@nestjs/bullmq, by hand', async () => {
  const orders = `orders-${randomUUID()}`
  await using shop = await startApplication('nest-bullmq-by-hand', { REDIS: redis, ORDERS: orders }, BY_HAND)
  await shop.journey([`add ${orders}`, `process ${orders} attempt 1 requeued`, `process ${orders} attempt 2 acked`])
  await expectRequest(shop, orders)
})

import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { only, operations } from '../src/contract/expectations.ts'
import { createTopics } from '../src/framework-brokers.ts'
import { startApplication } from '../src/framework.ts'

const { kafka } = inject('brokers')

test('NestJS over Kafka: events, a reply, attempts 1, 2, 3, and a dead letter', async () => {
  const orders = `orders-${randomUUID()}`
  const [price, charge, ship, dead] = [`${orders}-price`, `${orders}-charge`, `${orders}-ship`, `${orders}-dead`]
  await createTopics(kafka, orders, price, `${price}.reply`, charge, ship, dead)
  await using shop = await startApplication('nest-kafka', { KAFKA: kafka, ORDERS: orders })

  await shop.journey([`send ${orders}`, `process ${orders} attempt 1 acked`])
  await shop.journey([`send ${price}`, `process ${price} attempt 1 acked`])
  await shop.journey([`send ${price}.reply`, `process ${price}.reply attempt 1 acked`])
  await shop.journey([
    `send ${charge}`,
    `process ${charge} attempt 1 requeued`,
    `process ${charge} attempt 2 requeued`,
    `process ${charge} attempt 3 acked`,
  ])
  await shop.journey([`send ${ship}`, `process ${ship} attempt 1 dead_lettered`, `dead letter ${dead} attempt 1 acked`])
  await shop.stop()

  assertPropagation(shop.receiver)
  const span = (type: string, topic: string) => only(operations(shop.receiver.spans, type, topic))
  const request = await shop.span('POST /orders')
  for (const topic of [orders, price, charge, ship]) assertSpan(span('send', topic), { parent: request })
  assertSpan(span('send', `${price}.reply`), { parent: span('process', price) })
  assertSpan(await shop.span('accept 1042'), { parent: span('process', orders) })
  assertSpan(await shop.span('answer 100'), { parent: request })
  assertSpan(await shop.span('look into 1042'), { parent: span('process', dead) })
  const group = { 'messaging.consumer.group.name': `${orders}-shop-server` }
  assertSpan(span('process', orders), { attributes: group })
})

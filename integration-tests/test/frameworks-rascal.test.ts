import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { only, operations } from '../src/contract/expectations.ts'
import { startApplication } from '../src/framework.ts'

test('rascal: attempts 1, 2, 3 of a message that it publishes again, and one that it forwards', async () => {
  const orders = `orders-${randomUUID()}`
  await using shop = await startApplication('rascal', { AMQP: inject('brokers').rabbitmq, ORDERS: orders })

  await shop.journey([
    `publish ${orders}:new.order`,
    `process ${orders}:new.order:${orders} attempt 1 retry_scheduled`,
    `process ${orders} attempt 2 retry_scheduled`,
    `process ${orders} attempt 3 acked`,
  ])
  const dead = `${orders}:dead:${orders}-dead`
  await shop.journey([`publish ${orders}:dead`, `process ${dead} attempt 1 acked`])
  const requests = await Promise.all([1043, 1044, 1045].map((id) => shop.span(`POST /parcels/${id}`)))
  await shop.stop()

  assertPropagation(shop.receiver)
  const first = shop.operation('send', `${orders}:new.order`)
  assertSpan(first, { parent: await shop.span('POST /orders') })
  // A forward is a new message, which links the one that it was made of.
  assertSpan(shop.operation('send', `${orders}:dead`), { links: [first] })
  assertSpan(await shop.span('look into 1042'), { parent: shop.operation('process', dead) })
  // Each stays in its own request, however long it has waited for a channel.
  for (const request of requests) {
    const own = operations(shop.receiver.spans, 'send', `${orders}:parcel`).filter(
      ({ parentSpanId }) => parentSpanId === request.spanId,
    )
    assertSpan(only(own), { parent: request })
  }
})

test('rascal: what it forwards is a dead letter where an option says so', async () => {
  const orders = `orders-${randomUUID()}`
  const environment = { AMQP: inject('brokers').rabbitmq, ORDERS: orders }
  await using shop = await startApplication('rascal', environment, { instrumentation: './rascal-telemetry.js' })

  await shop.journey([
    `publish ${orders}:new.order`,
    `process ${orders}:new.order:${orders} attempt 1 retry_scheduled`,
    `process ${orders} attempt 2 retry_scheduled`,
    `process ${orders} attempt 3 dead_lettered`,
    `dead letter ${orders}:dead:${orders}-dead attempt 1 acked`,
  ])
  await shop.stop()

  assertPropagation(shop.receiver)
})

import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { startApplication } from '../src/framework.ts'

test.each(['module', 'commonjs'] as const)(
  'amqp-connection-manager, as %s: the attempts of a message through a reconnect',
  async (style) => {
    const orders = `orders-${randomUUID()}`
    const environment = { AMQP: inject('brokers').rabbitmq, ORDERS: orders }
    await using shop = await startApplication('amqp-connection-manager', environment, { style })

    const lost = [`process ${orders} attempt 1 abandoned`, `process ${orders} attempt 2 acked`]
    await shop.journey([`publish ${orders}`, ...lost], 'first')
    await shop.journey([`publish ${orders}`, `process ${orders} attempt 1 acked`], 'second')
    for (const name of ['first', 'second']) {
      assertSpan(await shop.span(`answer ${name}`), { parent: await shop.span(`POST /orders/${name}`) })
    }
    await shop.stop()

    assertPropagation(shop.receiver)
  },
)

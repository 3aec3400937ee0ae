import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan, messageFacts } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { only, operations } from '../src/contract/expectations.ts'
import { startApplication } from '../src/framework.ts'

test.each(['module', 'commonjs'] as const)(
  'amqp-connection-manager, as %s: attempts through a reconnect, and publishes that wait for a connection',
  async (style) => {
    const orders = `orders-${randomUUID()}`
    const environment = { AMQP: inject('brokers').rabbitmq, ORDERS: orders }
    await using shop = await startApplication('amqp-connection-manager', environment, { style })

    const lost = [`process ${orders} attempt 1 abandoned`, `process ${orders} attempt 2 acked`]
    await shop.journey([`publish ${orders}`, ...lost], 'first')
    await shop.journey([`publish ${orders}`, `process ${orders} attempt 1 acked`], 'second')
    for (const name of ['first', 'second']) await shop.span(`answer ${name}`)
    await shop.stop()

    assertPropagation(shop.receiver)
    for (const name of ['first', 'second']) {
      const request = await shop.span(`POST /orders/${name}`)
      assertSpan(await shop.span(`answer ${name}`), { parent: request })
      const sends = operations(shop.receiver.spans, 'send', orders)
      assertSpan(only(sends.filter((span) => messageFacts(span).messageId === name)), { parent: request })
    }
  },
)

import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan, messageFacts } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { only } from '../src/contract/expectations.ts'
import { startApplication } from '../src/framework.ts'

/** By hand nothing is patched: the application wraps what there is itself. */
const WAYS = { 'nest-rmq': {}, 'nest-rmq-by-hand': { instrumentation: undefined } }

test.each(Object.entries(WAYS))(
  '%s: events, a reply, a requeue, and an event that nobody handles',
  async (name, way) => {
    const orders = `orders-${randomUUID()}`
    await using shop = await startApplication(name, { AMQP: inject('brokers').rabbitmq, ORDERS: orders }, way)

    await shop.journey([`publish ${orders}`, `process ${orders} attempt 1 acked`], 'accept')
    await shop.journey([`publish ${orders}`, `process ${orders} attempt 1 acked`], 'price')
    const requeued = [`process ${orders} attempt 1 requeued`, `process ${orders} attempt 2 acked`]
    await shop.journey([`publish ${orders}`, ...requeued], 'charge')
    await shop.journey([`publish ${orders}`, `process ${orders} attempt 1 rejected`], 'unknown')
    await shop.stop()

    assertPropagation(shop.receiver)
    const span = (type: string, messageId: string) =>
      only(
        shop.receiver.spans.filter((each) => {
          const facts = messageFacts(each)
          return facts.operationType === type && facts.messageId === messageId
        }),
      )
    const request = await shop.span('POST /orders')
    for (const id of ['accept', 'price', 'charge', 'unknown']) assertSpan(span('send', id), { parent: request })
    assertSpan(await shop.span('accept 1042'), { parent: span('process', 'accept') })
    // Queues of replies have a new name each time, so that names of spans are without it.
    const reply = await shop.span('publish')
    assertSpan(reply, { parent: span('process', 'price') })
    assertSpan(await shop.span('process'), { parent: reply })
    assertSpan(await shop.span('answer 100'), { parent: request })
  },
)

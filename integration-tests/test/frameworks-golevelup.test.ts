import { randomUUID } from 'node:crypto'
import { assertPropagation, assertSpan, assertSpans } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { startApplication } from '../src/framework.ts'

test('@golevelup/nestjs-rabbitmq: a message given back once, and a reply', async () => {
  const orders = `orders-${randomUUID()}`
  const environment = { AMQP: inject('brokers').rabbitmq, ORDERS: orders }
  await using shop = await startApplication('golevelup', environment, { style: 'commonjs' })

  const charge = `${orders}:charge:${orders}-charge`
  await shop.journey([
    `publish ${orders}:charge`,
    `process ${charge} attempt 1 requeued`,
    `process ${charge} attempt 2 acked`,
  ])
  const price = `${orders}:price:${orders}-price`
  await shop.journey([`publish ${orders}:price`, `process ${price} attempt 1 acked`])
  await shop.stop()

  assertPropagation(shop.receiver)
  const request = await shop.span('POST /orders')
  for (const key of ['charge', 'price']) assertSpan(shop.operation('send', `${orders}:${key}`), { parent: request })
  const attempts = shop.receiver.spans.filter(({ name }) => name === `process ${charge}`)
  const work = shop.receiver.spans.filter(({ name }) => name === 'charge 1042')
  assertSpans(
    work,
    attempts.map((parent) => ({ parent })),
  )
  const reply = await shop.span('publish')
  assertSpan(reply, { parent: shop.operation('process', price) })
  assertSpan(await shop.span('process'), { parent: reply })
  assertSpan(await shop.span('answer 100'), { parent: request })
})

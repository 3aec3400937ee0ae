import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { awsEnvironment, createQueues } from '../src/framework-brokers.ts'
import { startApplication } from '../src/framework.ts'

const { sqs } = inject('brokers')

test('sqs-consumer, as CommonJS: attempts 1, 2, 3 of a single message', async () => {
  const [orders, parcels] = await createQueues(sqs, 'orders', 'parcels')
  const environment = { ...awsEnvironment(sqs), ORDERS: orders!.url, PARCELS: parcels!.url }
  await using shop = await startApplication('sqs-consumer', environment, { style: 'commonjs' })

  await shop.journey([
    `send ${orders!.name}`,
    `process ${orders!.name} attempt 1 requeued`,
    `process ${orders!.name} attempt 2 requeued`,
    `process ${orders!.name} attempt 3 acked`,
  ])
  await shop.span('charge 1042')
  await shop.stop()

  assertPropagation(shop.receiver)
  assertSpan(shop.operation('send', orders!.name), { parent: await shop.span('POST /orders') })
})

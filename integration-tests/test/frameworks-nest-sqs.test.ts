import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { awsEnvironment, createQueues, expectBatches } from '../src/framework-brokers.ts'
import { startApplication } from '../src/framework.ts'

const { sqs } = inject('brokers')

test('@ssut/nestjs-sqs: a single message, and batches', async () => {
  const [orders, parcels] = await createQueues(sqs, 'orders', 'parcels')
  const environment = { ...awsEnvironment(sqs), ORDERS: orders!.url, PARCELS: parcels!.url }
  await using shop = await startApplication('nest-sqs', environment, { style: 'commonjs' })

  await shop.journey([`send ${orders!.name}`, `process ${orders!.name} attempt 1 acked`])
  for (const work of ['ship 1043', 'ship 1044']) await shop.span(work)
  await shop.stop()

  assertPropagation(shop.receiver)
  assertSpan(shop.operation('send', orders!.name), { parent: await shop.span('POST /orders') })
  assertSpan(await shop.span('charge 1042'), { parent: shop.operation('process', orders!.name) })
  await expectBatches(shop, parcels!.name, ['ship 1043', 'ship 1044'])
})

import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { awsEnvironment, createQueues, expectBatches } from '../src/framework-brokers.ts'
import { startApplication } from '../src/framework.ts'

const { sqs } = inject('brokers')

test.each(['module', 'commonjs'] as const)(
  'sqs-consumer, as %s: attempts 1, 2, 3 of a single message, and batches',
  async (style) => {
    const [orders, parcels] = await createQueues(sqs, 'orders', 'parcels')
    const environment = { ...awsEnvironment(sqs), ORDERS: orders!.url, PARCELS: parcels!.url }
    await using shop = await startApplication('sqs-consumer', environment, { style })

    await shop.journey([
      `send ${orders!.name}`,
      `process ${orders!.name} attempt 1 requeued`,
      `process ${orders!.name} attempt 2 requeued`,
      `process ${orders!.name} attempt 3 acked`,
    ])
    for (const work of ['charge 1042', 'ship 1043', 'ship 1044']) await shop.span(work)
    await shop.stop()

    assertPropagation(shop.receiver)
    assertSpan(shop.operation('send', orders!.name), { parent: await shop.span('POST /orders') })
    await expectBatches(shop, parcels!.name, ['ship 1043', 'ship 1044'])
  },
)

import { assertPropagation, assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { operations } from '../src/contract/expectations.ts'
import { awsEnvironment, createQueues } from '../src/framework-brokers.ts'
import { startApplication } from '../src/framework.ts'

const { sqs } = inject('brokers')

test('Powertools for AWS Lambda: the records of a batch, of which one fails', async () => {
  const [orders] = await createQueues(sqs, 'orders')
  const environment = { ...awsEnvironment(sqs), ORDERS: orders!.url }
  await using shop = await startApplication('powertools', environment)

  const charged = await shop.span('charge 1042')
  const failed = await shop.span('charge 1043')
  const attempts = await shop.until((spans) => {
    const found = operations(spans, 'process', orders!.name)
    return found.length === 2 && found
  })
  await shop.stop()

  assertPropagation(shop.receiver)
  for (const [work, outcome] of [
    [charged, 'acked'],
    [failed, 'requeued'],
  ] as const) {
    const attempt = attempts.find(({ spanId }) => spanId === work.parentSpanId)
    assertSpan(attempt, { attempt: 1, outcome })
  }
})

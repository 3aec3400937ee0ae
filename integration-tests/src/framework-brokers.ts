import { randomUUID } from 'node:crypto'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { assertSpan } from '@tracebaton/testing'
import { Kafka, logLevel } from 'kafkajs'
import { only, operations } from './contract/expectations.ts'
import type { Application } from './framework.ts'

/** Makes topics of Kafka, of one partition each. */
export async function createTopics(broker: string, ...names: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true })
  await admin.disconnect()
}

/** Variables that have any client of SQS use the broker of the tests. */
export function awsEnvironment(endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
}

/** Makes queues, and gives their names and URLs. */
export async function createQueues(endpoint: string, ...kinds: readonly string[]): Promise<Queue[]> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new SQSClient({ endpoint, region: 'eu-west-1', credentials })
  const names = kinds.map((kind) => `${kind}-${randomUUID()}`)
  const queues = await Promise.all(
    names.map(async (name) => {
      const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName: name }))
      return { name, url }
    }),
  )
  client.destroy()
  return queues
}

/** A queue of SQS. */
export interface Queue {
  readonly name: string
  readonly url: string
}

/** Each batch is one span that links the sends of its messages, and what its handler does is below it. */
export async function expectBatches(shop: Application, queue: string, works: readonly string[]): Promise<void> {
  const { spans } = shop.receiver
  const batches = operations(spans, 'process', queue)
  // Two messages of one call arrive together, or one by one.
  for (const create of spans.filter(({ name }) => name === `create ${queue}`)) {
    const batch = only(batches.filter(({ links }) => links.some(({ spanId }) => spanId === create.spanId)))
    assertSpan(batch, { parent: 'none' })
  }
  for (const name of works) {
    const work = await shop.span(name)
    assertSpan(work, { parent: only(batches.filter(({ spanId }) => spanId === work.parentSpanId)) })
  }
}

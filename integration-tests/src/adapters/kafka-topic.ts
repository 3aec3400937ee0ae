import { setTimeout } from 'node:timers/promises'
import type { Admin } from 'kafkajs'

/**
 * Makes a topic and waits until every partition has a leader: a consumer that comes earlier reads some messages twice,
 * and kafkajs's own waiting gives up when it asks before the broker knows the topic.
 */
export async function createTopic(admin: Admin, topic: string, numPartitions = 1): Promise<void> {
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
  for (let left = 500; left > 0; left--) {
    const known = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => undefined)
    const led = known?.topics[0]?.partitions.filter(({ leader }) => leader >= 0)
    if (led?.length === numPartitions) return
    await setTimeout(20)
  }
  throw new Error(`${topic} has no leaders`)
}

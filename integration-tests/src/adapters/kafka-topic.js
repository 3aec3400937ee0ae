import { setTimeout } from 'node:timers/promises'

/**
 * Makes a topic and waits until the leader of every partition serves it: a broker names leaders a moment before they
 * do, and a producer that is refused by one of them sends again what the others have taken. kafkajs's own waiting does
 * not see that, and gives up when it asks before the broker knows the topic. Plain JavaScript, for programs too.
 *
 * @param {import('kafkajs').Admin} admin
 * @param {string} topic
 * @returns {Promise<void>}
 */
export async function createTopic(admin, topic, numPartitions = 1) {
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
  for (let left = 500; left > 0; left--) {
    if (await isServed(admin, topic, numPartitions).catch(() => false)) return
    await setTimeout(20)
  }
  throw new Error(`${topic} is not served by its leaders`)
}

async function isServed(admin, topic, numPartitions) {
  const known = await admin.fetchTopicMetadata({ topics: [topic] })
  const led = known.topics[0]?.partitions.filter(({ leader }) => leader >= 0)
  if (led?.length !== numPartitions) return false
  // Only leaders know the offsets.
  return (await admin.fetchTopicOffsets(topic)).length === numPartitions
}

import type { Admin } from 'kafkajs'

/** Makes a topic and waits until it is served; see the program. Rejects when it is not, after some ten seconds. */
export function createTopic(admin: Admin, topic: string, numPartitions?: number): Promise<void>

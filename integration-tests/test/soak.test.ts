import { inject, expect, test } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { killWorkers } from '../src/soak.ts'

/** How often a worker is killed, on each broker. */
const KILLS = Number(process.env['TRACEBATON_KILLS'] ?? 1)

const brokers: readonly (readonly [
  'kafka' | 'rabbitmq' | 'sqs' | 'redis',
  string,
  (address: string) => Promise<Fixture>,
])[] = [
  ['kafka', 'kafka-process.js', createKafkaFixture],
  ['rabbitmq', 'amqp-process.js', createAmqpFixture],
  ['sqs', 'sqs-process.js', createSqsFixture],
  ['redis', 'bullmq-process.js', (address) => createBullmqFixture(address, true)],
]

test.each(brokers)(
  'on %s a worker that is killed at any moment loses no message, and none gets a link of another',
  { timeout: 90_000 + KILLS * 15_000 },
  async (broker, program, create) => {
    const address = inject('brokers')[broker]
    await using fixture = await create(address)
    const { lost, wrong, ...counts } = await killWorkers(fixture, program, address, KILLS)
    console.log(`${broker}: ${JSON.stringify(counts)}`)
    expect(wrong).toEqual([])
    expect(lost).toEqual([])
  },
)

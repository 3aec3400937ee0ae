import { inject, expect, test } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { killWorkers, type Soaked } from '../src/soak.ts'

interface Soak {
  readonly broker: 'kafka' | 'rabbitmq' | 'sqs' | 'redis'
  readonly program: string
  readonly create: (address: string) => Promise<Fixture>
  /** Kafka waits six seconds for each consumer that is gone, the others two at most. */
  readonly kills: number
}

const soaks: readonly Soak[] = [
  { broker: 'kafka', program: 'kafka-process.js', create: createKafkaFixture, kills: 5 },
  { broker: 'rabbitmq', program: 'amqp-process.js', create: createAmqpFixture, kills: 9 },
  { broker: 'sqs', program: 'sqs-process.js', create: createSqsFixture, kills: 9 },
  {
    broker: 'redis',
    program: 'bullmq-process.js',
    create: (address) => createBullmqFixture(address, true),
    kills: 9,
  },
]

/** How many times as often workers are killed. */
const TIMES = Number(process.env['TRACEBATON_KILLS'] ?? 1)

async function run({ broker, program, create, kills }: Soak): Promise<Soaked> {
  const address = inject('brokers')[broker]
  await using fixture = await create(address)
  return await killWorkers(fixture, program, address, kills * TIMES)
}

// All brokers run at once, because a run mostly waits for a process or for its broker.
test(
  'a worker that is killed at any moment loses no message, and none gets a link or a context of another',
  { timeout: 60_000 + TIMES * 90_000 },
  async () => {
    // A broker that fails does not take the workers of the others away.
    const ended = await Promise.allSettled(soaks.map(run))
    const broken = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    expect(broken).toEqual([])
    const soaked = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const count = (of: (one: Soaked) => number): number => soaked.reduce((sum, one) => sum + of(one), 0)
    const wrong = (what: 'lost' | 'wrongLinks' | 'foreignContexts' | 'changedResults'): string[] =>
      soaked.flatMap((one, index) => one[what].map((text) => `${soaks[index]?.broker}: ${text}`))
    const found = {
      lost: wrong('lost'),
      'wrong links': wrong('wrongLinks'),
      'foreign contexts': wrong('foreignContexts'),
      'changed results': wrong('changedResults'),
    }
    const kills = count((one) => one.kills)
    const again = count(({ linked }) => linked)
    console.log(
      `kills: ${kills} on ${soaks.length} brokers, ${count(({ sent }) => sent)} messages, ` +
        `${count(({ attempts }) => attempts)} attempts, ${again} linked to the one before; ` +
        Object.entries(found)
          .map(([what, those]) => `${those.length} ${what}`)
          .join(', '),
    )
    expect(found).toEqual({ lost: [], 'wrong links': [], 'foreign contexts': [], 'changed results': [] })
    expect(kills).toBeGreaterThanOrEqual(30)
    expect(again).toBeGreaterThan(0)
  },
)

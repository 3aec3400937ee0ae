import { randomBytes } from 'node:crypto'
import { assertSpans, createRecorder, messageFacts, type RecordedSpan } from '@tracebaton/testing'
import { expect, inject, test } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import { createCalls } from '../src/contract/attempt.ts'
import { headerOf } from '../src/contract/expectations.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { exampleOf, runProgram } from '../src/readme-program.ts'

const HEADING = '### Three attempts, then the dead letter'

interface Place {
  readonly broker: 'kafka' | 'rabbitmq' | 'sqs' | 'redis'
  readonly create: (address: string) => Promise<Fixture>
  /** The example, with the address of a broker that is no user's. */
  readonly connect: (example: string, address: string) => string
  /** ms before the second and the third attempt. */
  readonly delays: readonly [number, number]
}

const PLACES: Readonly<Record<string, Place>> = {
  kafka: {
    broker: 'kafka',
    create: createKafkaFixture,
    connect: (example, address) => example.replace('localhost:9092', address),
    delays: [1000, 4000],
  },
  amqp: {
    broker: 'rabbitmq',
    create: createAmqpFixture,
    connect: (example, address) => example.replace('amqp://localhost', address),
    delays: [1000, 4000],
  },
  sqs: {
    broker: 'sqs',
    create: createSqsFixture,
    connect(example, endpoint) {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
      const options = JSON.stringify({ endpoint, region: 'eu-west-1', credentials })
      return example.replace('new SQSClient({})', `new SQSClient(${options})`)
    },
    delays: [1000, 4000],
  },
  bullmq: {
    broker: 'redis',
    create: (address) => createBullmqFixture(address, true),
    connect(example, address) {
      const { hostname, port } = new URL(address)
      return example.replace(
        "{ host: 'localhost', port: 6379 }",
        JSON.stringify({ host: hostname, port: Number(port) }),
      )
    },
    delays: [1000, 2000],
  },
}

const cases = Object.keys(PLACES).flatMap((adapter) =>
  (['with', 'without'] as const).map((sdk) => [adapter, sdk] as const),
)

test.each(cases)(
  'the example of %s, %s an SDK, makes three attempts, each later, and sends the dead letter',
  { timeout: 90_000 },
  async (adapter, sdk) => {
    const recorded = sdk === 'with'
    const { broker, create, connect, delays } = PLACES[adapter]!
    const address = inject('brokers')[broker]
    const orders = `orders${randomBytes(6).toString('hex')}`
    const example = await exampleOf(`packages/${adapter}/README.md`, HEADING)
    const connected = connect(example, address)
    expect(connected).not.toBe(example)
    await using program = await runProgram(connected.replaceAll('orders', orders), recorded)

    const [first, second, third] = [
      await program.until('attempt 1'),
      await program.until('attempt 2'),
      await program.until('attempt 3'),
    ]
    // A line may arrive a little earlier than the clock says.
    expect(second.at - first.at).toBeGreaterThan(delays[0] - 100)
    expect(third.at - second.at).toBeGreaterThan(delays[1] - 100)

    await using fixture = await create(address)
    await using plain = await fixture.connect()
    const letters = createCalls(createRecorder(), fixture.patience)
    await using consumer = await plain.consume(`${orders}-dead`, (message) => void letters.note(message))
    const [letter] = await letters.begun(1)
    expect(consumer).toBeDefined()
    expect(letter!.body).toContain('1042')
    expect(headerOf(letter!, 'tracebaton-attempts')).toEqual(['3'])
    expect(headerOf(letter!, 'tracebaton-error-message')).toEqual([expect.stringContaining('no stock')])
    expect(headerOf(letter!, 'tracebaton-original-destination')).toEqual([orders])

    expect(await program.stop()).toBe(0)
    const texts = program.lines.map(({ text }) => text)
    expect(texts.filter((text) => text.startsWith('attempt'))).toEqual(['attempt 1', 'attempt 2', 'attempt 3'])
    const spans = texts.filter((text) => text.startsWith('spans ')).map((text) => text.slice('spans '.length))
    expect(spans).toHaveLength(Number(recorded))
    for (const text of spans) expectRecorded(JSON.parse(text) as RecordedSpan[])
  },
)

/** Each attempt links the one before, and says what became of it. */
function expectRecorded(spans: readonly RecordedSpan[]): void {
  // Not the spans of batches.
  const attempts = spans.filter((span) => span.name.startsWith('process ') && messageFacts(span).attempt !== undefined)
  const linked = (index: number) => ({ links: { previous_attempt: [attempts[index]!] } })
  assertSpans(attempts, [
    { attempt: 1, outcome: 'retry_scheduled' },
    { attempt: 2, outcome: 'retry_scheduled', ...linked(0) },
    { attempt: 3, outcome: 'dead_lettered', ...linked(1) },
  ])
}

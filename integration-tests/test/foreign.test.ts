import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { assertSpan, createReceiver, createRecorder } from '@tracebaton/testing'
import { beforeAll, expect, inject, test } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import { only, operations } from '../src/contract/expectations.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { OrderError } from '../src/contract/order-error.ts'

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

/** A stage of somebody else's, in a process of its own, under the official instrumentation of its client. */
async function passOn(program: string, address: string, from: string, to: string): Promise<void> {
  await using receiver = await createReceiver()
  const file = fileURLToPath(new URL(`../src/findings/programs/${program}`, import.meta.url))
  await promisify(execFile)(process.execPath, [file, address, 'pass', from, to], {
    env: { ...process.env, ...receiver.environment },
    timeout: 60_000,
  })
}

const brokers: readonly (readonly [
  'kafka' | 'rabbitmq' | 'sqs' | 'redis',
  string,
  (address: string) => Promise<Fixture>,
])[] = [
  ['kafka', 'kafkajs.cjs', createKafkaFixture],
  ['rabbitmq', 'amqplib.cjs', createAmqpFixture],
  ['sqs', 'aws-sdk.cjs', createSqsFixture],
  ['redis', 'bullmq-otel.cjs', (address) => createBullmqFixture(address, true)],
]

test.each(brokers)(
  'on %s a message that goes through %s, officially instrumented, still leads to its first send',
  async (broker, program, create) => {
    const address = inject('brokers')[broker]
    await using fixture = await create(address)
    const recorder = createRecorder()
    const failures: unknown[] = []
    const options = {
      tracerProvider: new BasicTracerProvider({ spanProcessors: [recorder] }),
      onError: (error: unknown) => failures.push(error),
    }
    await using client = await fixture.connect(options)
    const names = await Promise.all([1, 2, 3].map(() => fixture.createDestination(1)))
    const [orders, between, back] = names as [string, string, string]
    await client.send(orders, fixture.message('order'))
    const ours = await client.consume(orders, (message) =>
      client.moves?.retryLater(message, { to: between, error: new OrderError('no stock') }),
    )
    await passOn(program, address, between, back)
    const last = await client.consume(back, () => {})
    const [attempt] = await recorder.until((spans) => {
      const found = operations(spans, 'process', back)
      return found.length > 0 && found
    })
    for (const consumer of [ours, last]) await consumer[Symbol.asyncDispose]()

    const send = only(recorder.spans.filter(({ kind }) => kind === 'producer'))
    const first = only(operations(recorder.spans, 'process', orders))
    const leadsTo = (role: string): boolean =>
      attempt!.links.some((link) => link.role === role && link.spanId === send.spanId)
    // Its own context in place of the first send's makes our history stale: then that names the origin.
    const kept = leadsTo('creation')
    if (!kept && !leadsTo('origin')) assertSpan(attempt, { traceId: send.traceId })
    assertSpan(attempt, { attempt: kept ? 2 : 1, links: { previous_attempt: kept ? [first] : [] } })
    expect(failures).toEqual([])
  },
)

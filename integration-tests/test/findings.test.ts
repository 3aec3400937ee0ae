import { expect, inject, test } from 'vitest'
import { measure, type Subject } from '../src/findings/measure.ts'
import { findingsPage } from '../src/findings/page.ts'

test('the documentation says what the kit finds in the official instrumentations, as measured now', async () => {
  const { kafka, rabbitmq, redis, sqs } = inject('brokers')
  const subjects: readonly Subject[] = [
    {
      client: 'kafkajs',
      instrumentation: '@opentelemetry/instrumentation-kafkajs',
      program: 'kafkajs.cjs',
      address: kafka,
    },
    {
      client: 'amqplib',
      instrumentation: '@opentelemetry/instrumentation-amqplib',
      program: 'amqplib.cjs',
      address: rabbitmq,
    },
    {
      client: '@aws-sdk/client-sqs',
      instrumentation: '@opentelemetry/instrumentation-aws-sdk',
      program: 'aws-sdk.cjs',
      address: sqs,
    },
    { client: 'bullmq', instrumentation: 'bullmq-otel', program: 'bullmq-otel.cjs', address: redis },
  ]
  const measureAll = (by: 'instrumentation' | 'tracebaton') =>
    Promise.all(subjects.map((subject) => measure(subject, by)))
  const [official, ours] = [await measureAll('instrumentation'), await measureAll('tracebaton')]
  for (const { handled, spans } of [...official, ...ours]) {
    // One, three, two and its dead letter, three of a batch, and two.
    expect(handled).toBe(12)
    expect(spans).toBeGreaterThan(12)
  }
  await expect(findingsPage(official, ours)).toMatchFileSnapshot('../../docs/findings.md')
}, 180_000)

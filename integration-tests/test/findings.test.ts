import { expect, inject, test } from 'vitest'
import { measure } from '../src/findings/measure.ts'
import { findingsPage } from '../src/findings/page.ts'

test('the documentation says what the kit finds in the official instrumentations, as measured now', async () => {
  const { kafka, rabbitmq, redis, sqs } = inject('brokers')
  const measured = await Promise.all([
    measure({
      client: 'kafkajs',
      instrumentation: '@opentelemetry/instrumentation-kafkajs',
      program: 'kafkajs.cjs',
      address: kafka,
    }),
    measure({
      client: 'amqplib',
      instrumentation: '@opentelemetry/instrumentation-amqplib',
      program: 'amqplib.cjs',
      address: rabbitmq,
    }),
    measure({
      client: '@aws-sdk/client-sqs',
      instrumentation: '@opentelemetry/instrumentation-aws-sdk',
      program: 'aws-sdk.cjs',
      address: sqs,
    }),
    measure({ client: 'bullmq', instrumentation: 'bullmq-otel', program: 'bullmq-otel.cjs', address: redis }),
  ])
  for (const { handled, spans } of measured) {
    // One, three, two and its dead letter, three of a batch, and two.
    expect(handled).toBe(12)
    expect(spans).toBeGreaterThan(12)
  }
  await expect(findingsPage(measured)).toMatchFileSnapshot('../../docs/findings.md')
}, 180_000)

import { expect, test } from 'vitest'
import { streamCapabilities } from '../../examples/stream-adapter/test/capabilities.ts'
import { amqpCapabilities } from '../src/adapters/amqp-capabilities.ts'
import { bullmqCapabilities, bullmqTelemetryCapabilities } from '../src/adapters/bullmq-capabilities.ts'
import { kafkaCapabilities } from '../src/adapters/kafka-capabilities.ts'
import { sqsCapabilities } from '../src/adapters/sqs-capabilities.ts'
import { capabilityPage } from '../src/capability-page.ts'
import { scenarios } from '../src/contract.ts'
import { CAPABILITIES } from '../src/contract/capability.ts'

const columns = [
  { name: 'kafka', capabilities: kafkaCapabilities },
  { name: 'amqp', capabilities: amqpCapabilities },
  { name: 'sqs', capabilities: sqsCapabilities },
  { name: 'bullmq', capabilities: bullmqCapabilities },
  { name: 'bullmq, telemetry alone', capabilities: bullmqTelemetryCapabilities },
  { name: 'stream', capabilities: streamCapabilities },
]

test('the documentation names every scenario that an adapter is spared, and why', async () => {
  await expect(capabilityPage(columns, scenarios)).toMatchFileSnapshot('../../docs/capabilities.md')
})

test('every capability decides about a scenario, and no two scenarios have the same name', () => {
  const needed = new Set<string>(scenarios.flatMap(({ needs = [] }) => needs))
  expect(Object.keys(CAPABILITIES).filter((name) => !needed.has(name))).toEqual([])
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
})

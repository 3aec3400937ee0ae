import { expect, test } from 'vitest'
import { ERROR_TYPE, OURS, STANDARD, SYSTEM } from '../../../core/src/base/names.ts'
import { names } from '../../src/spans/facts.ts'

/** Names that others write: OpenTelemetry itself, BullMQ, and instrumentations older than semantic conventions 1.44. */
const FOREIGN = new Set([
  'exception.type',
  'service.name',
  'messaging.destination',
  'messaging.operation',
  'messaging.message_id',
  'messaging.kafka.consumer.group',
  'messaging.rabbitmq.routing_key',
  'bullmq.queue.name',
  'bullmq.queue.operation',
  'bullmq.job.id',
  'bullmq.job.bulk.count',
  'messaging.conversation_id',
  'messaging.kafka.destination.partition',
  'messaging.kafka.partition',
  'messaging.kafka.message.offset',
])

test('every name that is read here is one that is written by core, or a known foreign one', () => {
  const written = new Set<string | undefined>([
    ...Object.values(STANDARD).flat(),
    ...Object.values(OURS),
    ...SYSTEM,
    ERROR_TYPE,
  ])
  const unknown = Object.values(names)
    .flat()
    .filter((name) => !written.has(name) && !FOREIGN.has(name))
  expect(unknown).toEqual([])
})

import { originalOf, resolveTracing, traced } from '@tracebaton/core/adapter'
import type { KafkaLike } from './client.ts'
import { traceConsumer } from './consumer.ts'
import { traceProducer, type KafkaOptions } from './producer.ts'
import { SCOPE } from './scope.ts'

/**
 * Wraps a client: gives one of the same type whose producers and consumers are traced. Admin clients and events are left
 * alone, and the original stays as it is; wrapping what this gave replaces the options. Never throws.
 */
export function traceKafka<Kafka extends KafkaLike>(kafka: Kafka, options?: KafkaOptions): Kafka {
  const tracing = resolveTracing(options, SCOPE)
  const original = originalOf<KafkaLike>(kafka)
  return traced(original, {
    producer: (...args) => traceProducer(original.producer(...args), { tracing }),
    consumer: (config) => {
      const consumer = original.consumer(config)
      return traceConsumer(consumer, { tracing, ...tracing.guard(() => groupOf(config)) })
    },
  }) as Kafka
}

function groupOf(config: unknown): { readonly groupId?: string } {
  const groupId = (config as { readonly groupId?: unknown } | undefined)?.groupId
  return typeof groupId === 'string' ? { groupId } : {}
}

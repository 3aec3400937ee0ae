import { isFor, originalOf, ownOptions, resolveTracing, traced } from '@tracebaton/core/adapter'
import { TAKES, type KafkaLike } from './client.ts'
import { traceConsumer } from './consumer.ts'
import { KAFKA_OPTIONS, traceProducer, type KafkaOptions } from './producer.ts'
import { SCOPE } from './scope.ts'

/**
 * Wraps a client: gives one of the same type whose producers and consumers are traced. Admin clients and events are left
 * alone, and the original stays as it is; wrapping what this gave replaces the options. Never throws.
 */
export function traceKafka<Kafka extends KafkaLike>(kafka: Kafka, options?: KafkaOptions): Kafka {
  const tracing = resolveTracing(options, SCOPE, KAFKA_OPTIONS)
  if (!isFor(tracing, kafka, 'traceKafka', TAKES)) return kafka
  const original = originalOf<KafkaLike>(kafka)
  const { clientId } = ownOptions(options, KAFKA_OPTIONS, tracing)
  return traced(original, {
    producer: (...args) => traceProducer(original.producer(...args), { tracing, clientId }),
    consumer: (config) => {
      const consumer = original.consumer(config)
      return traceConsumer(consumer, { tracing, clientId, groupId: tracing.guard(() => groupOf(config)) })
    },
  }) as Kafka
}

/** The configuration of a consumer, as clients with the API of kafkajs take it. */
interface ConsumerConfig {
  readonly groupId?: unknown
  readonly kafkaJS?: { readonly groupId?: unknown } | null
  readonly 'group.id'?: unknown
}

/** Of several that say the group, the client of Confluent takes its own name for it. */
function groupOf(config: unknown): string | undefined {
  const { groupId, kafkaJS, 'group.id': ofLibrdkafka } = (config ?? {}) as ConsumerConfig
  const group = groupId ?? ofLibrdkafka ?? kafkaJS?.groupId
  return typeof group === 'string' ? group : undefined
}

import type { ConsumerLike, KafkaLike, ProducerLike } from '@tracebaton/kafka'
import { classIn, standIn, withExports, type AnyClass } from './exports.ts'
import { ClientInstrumentation, type ClientParts, type TracebatonConfig } from './instrumentation.ts'
import { packages } from './packages.ts'
import { tracingFor } from './say.ts'

/**
 * A class whose producers and consumers are traced. It extends the client's own, because a class of the application's may
 * extend it in turn, with private fields and methods of its own.
 */
function tracedKafka(Original: AnyClass<KafkaLike>): AnyClass {
  const tracing = tracingFor('kafkajs')
  const { traceConsumer, traceProducer } = packages.kafka
  return standIn(
    Original,
    class extends Original {
      override producer(config?: never): ProducerLike {
        return traceProducer(super.producer(config), { tracing })
      }
      override consumer(config: never): ConsumerLike {
        const { groupId } = Object(config) as { readonly groupId?: string }
        return traceConsumer(super.consumer(config), { tracing, groupId })
      }
    },
  )
}

const PARTS: ClientParts = {
  client: 'kafkajs',
  patches: [
    {
      file: 'kafkajs/index.js',
      patch: (exports) =>
        withExports(exports, {
          Kafka: tracedKafka(classIn(exports, 'Kafka', 'producer', 'consumer') as AnyClass<KafkaLike>),
        }),
    },
  ],
}

/** Options of {@link KafkaJsInstrumentation}. */
export type KafkaJsConfig = TracebatonConfig

/** Traces what is made of the class `Kafka` of kafkajs 2. */
export class KafkaJsInstrumentation extends ClientInstrumentation<KafkaJsConfig> {
  constructor(config: KafkaJsConfig = {}) {
    super(PARTS, config)
  }
}

import type { ConsumerLike, KafkaLike, ProducerLike } from '@tracebaton/kafka'
import { classIn, standIn, withExports, type AnyClass } from './exports.ts'
import { ClientInstrumentation, type ClientParts, type TracebatonConfig } from './instrumentation.ts'
import { packages } from './packages.ts'
import { ownTracing, tracingFor } from './say.ts'

/**
 * A class whose producers and consumers are traced. It extends the client's own, because a class of the application's may
 * extend it in turn, with private fields and methods of its own.
 */
function tracedKafka(Original: AnyClass<KafkaLike>): AnyClass {
  const tracing = tracingFor('kafkajs')
  const { warnOfInstrumentation } = packages.core
  const { traceConsumer, traceProducer } = packages.kafka
  // No private field: somebody may call a method on a proxy.
  const clientIds = new WeakMap<object, string>()
  return standIn(
    Original,
    class extends Original {
      constructor(...args: unknown[]) {
        super(...args)
        const { clientId } = Object(args[0]) as { readonly clientId?: unknown }
        if (typeof clientId === 'string') clientIds.set(this, clientId)
        // One that is loaded after us patches this class from outside.
        warnOfInstrumentation(ownTracing('kafkajs'), this, 'producer', { library: 'kafkajs' })
      }
      override producer(config?: never): ProducerLike {
        return traceProducer(super.producer(config), { tracing, clientId: clientIds.get(this) })
      }
      override consumer(config: never): ConsumerLike {
        const { groupId } = Object(config) as { readonly groupId?: string }
        return traceConsumer(super.consumer(config), { tracing, groupId, clientId: clientIds.get(this) })
      }
    },
  )
}

export const KAFKAJS: ClientParts = {
  client: 'kafkajs',
  patches: [
    {
      file: 'kafkajs/index.js',
      module: 'kafkajs',
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
    super(KAFKAJS, config)
  }
}

import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import { traceKafka } from '@tracebaton/kafka'
import { createIncoming } from './incoming.js'

/** kafkajs without a broker: a producer and a consumer of closures, as the real ones are. */
class HollowKafka {
  producer() {
    const answer = [{ topicName: 'orders', partition: 0, errorCode: 0, baseOffset: '42' }]
    const events = {}
    return {
      events,
      on: () => () => {},
      send: async () => answer,
      sendBatch: async () => answer,
      transaction: async () => ({}),
    }
  }

  consumer() {
    let config
    return {
      events: {},
      on: () => () => {},
      run: async (given) => {
        config = given
      },
      deliver: (payload) => config.eachMessage(payload),
    }
  }
}

/** The variants of one message sent, and of one handled. */
export async function kafka() {
  // The official instrumentation patches a module: this one, of its own.
  const patched = { Kafka: class extends HollowKafka {} }
  const instrumentation = new KafkaJsInstrumentation({ enabled: true })
  instrumentation.init().patch(patched)
  const clients = {
    bare: new HollowKafka(),
    ours: traceKafka(new HollowKafka()),
    official: new patched.Kafka(),
  }

  const send = {}
  const handle = {}
  for (const [name, client] of Object.entries(clients)) {
    const producer = client.producer()
    send[name] = () => producer.send({ topic: 'orders', messages: [{ key: 'k', value: 'order 1042' }] })
    const consumer = client.consumer({ groupId: 'billing' })
    await consumer.run({ eachMessage: async () => {} })
    const next = createIncoming(({ headers, offset }) => ({
      topic: 'orders',
      partition: 0,
      message: { key: null, value: Buffer.from('order 1042'), timestamp: '1732145000123', offset, headers },
    }))
    handle[name] = () => consumer.deliver(next())
  }
  return { send, handle }
}

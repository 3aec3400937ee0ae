import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as kafkajs from 'kafkajs'
import type { Consumer, ConsumerConfig, Kafka, KafkaConfig, Producer } from 'kafkajs'
import type { OtherClient } from './client.ts'

/** What Confluent's client has of kafkajs. */
export interface Confluent {
  readonly KafkaJS: { readonly Kafka: new (config: object) => Kafka }
}

const NAME = '@confluentinc/kafka-javascript'

/** @param folder where the client is installed */
export function loadConfluent(folder: string): Confluent {
  return createRequire(`${resolve(folder)}/`)(NAME) as Confluent
}

/** Confluent's client as the suite takes kafkajs: the same calls, whose settings are given as it takes them. */
export function confluentAsKafkajs(folder: string): OtherClient<typeof kafkajs> {
  const { KafkaJS } = loadConfluent(folder)

  class ConfluentKafka {
    readonly #config: KafkaConfig
    readonly #kafka: Kafka

    constructor(config: KafkaConfig) {
      const { brokers, clientId, logLevel } = config
      this.#config = config
      this.#kafka = new KafkaJS.Kafka({ kafkaJS: { brokers, clientId, logLevel } })
    }

    producer(): Producer {
      return this.#kafka.producer({ kafkaJS: {} } as never)
    }

    consumer({ groupId, sessionTimeout, heartbeatInterval }: ConsumerConfig): Consumer {
      const settings = { groupId, sessionTimeout, heartbeatInterval, fromBeginning: true }
      const consumer = this.#kafka.consumer({ kafkaJS: settings } as never)
      const subscribe = consumer.subscribe.bind(consumer)
      const members = {
        // It has none of kafkajs' events, and comes back by itself.
        events: { CRASH: 'crash' },
        on: () => () => {},
        // Where to begin is a setting of the consumer.
        subscribe: ({ topic }: { readonly topic?: string }) => subscribe({ topic } as never),
      }
      for (const [name, value] of Object.entries(members)) {
        Object.defineProperty(consumer, name, { value, configurable: true, writable: true })
      }
      return consumer
    }

    admin(): ReturnType<Kafka['admin']> {
      return new kafkajs.Kafka(this.#config).admin()
    }
  }

  const module = { ...kafkajs, Kafka: ConfluentKafka as unknown as typeof kafkajs.Kafka }
  return { module, replaces: [NAME, pathToFileURL(createRequire(`${resolve(folder)}/`).resolve(NAME)).href] }
}

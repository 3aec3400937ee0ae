import { hasMethods, type Followers, type Takes } from '@tracebaton/core/adapter'

const PLATFORMATIC = ['@platformatic/kafka', hasMethods('connectToBrokers')] as const

/** What is wrapped here. Clients with another API have other methods. */
export const TAKES: Takes = {
  traceKafka: {
    words: 'a client with the API of kafkajs',
    fits: hasMethods('producer', 'consumer'),
    notYet: PLATFORMATIC,
  },
  traceProducer: {
    words: 'a producer with the API of kafkajs',
    fits: hasMethods('send', 'sendBatch'),
    notYet: PLATFORMATIC,
  },
  traceConsumer: { words: 'a consumer with the API of kafkajs', fits: hasMethods('run'), notYet: PLATFORMATIC },
  traceHandler: { words: 'a function that handles a message', fits: (given) => typeof given === 'function' },
}

export const FOLLOWERS: Followers = {
  library: 'kafkajs',
  datadog: ['kafkajs', 'apm:kafkajs:produce:start'],
  sentry: ['Kafka', 'tracing:orchestrion:kafkajs:send_batch:start'],
}

/** Header values as kafkajs gives and takes them; a header that repeats is an array. */
export type HeaderValue = Buffer | string | (Buffer | string)[] | undefined

/** A message to send. */
export interface MessageLike {
  readonly key?: Buffer | string | null | undefined
  readonly value: Buffer | string | null
  readonly partition?: number | undefined
  /** ms since the epoch, as text. */
  readonly timestamp?: string | undefined
  readonly headers?: Readonly<Record<string, HeaderValue>> | undefined
}

/** The argument of `send`. */
export interface RecordLike {
  readonly topic: string
  readonly messages: readonly MessageLike[]
}

/** The argument of `sendBatch`. */
export interface BatchRecordLike {
  readonly topicMessages?: readonly RecordLike[] | undefined
}

/** What the broker answers for each partition written to. */
export interface MetadataLike {
  readonly topicName: string
  readonly partition: number
  readonly baseOffset?: string | undefined
  /** What old brokers answer instead. */
  readonly offset?: string | undefined
}

/** A producer or a transaction: whatever sends. The real client's types fit; `never` takes its arguments as they are. */
export interface SenderLike {
  send(record: never): Promise<unknown>
  sendBatch(batch: never): Promise<unknown>
}

/** A producer. */
export interface ProducerLike extends SenderLike {
  transaction(): Promise<SenderLike>
}

/** A consumer. */
export interface ConsumerLike {
  run(config?: never): Promise<void>
  seek?(place: never): void
}

/** The argument of `seek`. */
export interface SeekLike {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

/** A client. */
export interface KafkaLike {
  producer(config?: never): ProducerLike
  consumer(config: never): ConsumerLike
}

/** A message as received. */
export interface ReceivedMessage {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** ms since the epoch, as text. */
  readonly timestamp: string
  readonly offset: string
  readonly headers?: Readonly<Record<string, HeaderValue>> | undefined
}

/** What `eachMessage` gets. */
export interface MessagePayload {
  readonly topic: string
  readonly partition: number
  readonly message: ReceivedMessage
}

/** What `eachBatch` gets. */
export interface BatchPayload {
  readonly batch: { readonly topic: string; readonly partition: number; readonly messages: readonly ReceivedMessage[] }
  isRunning(): boolean
  isStale(): boolean
}

/** The argument of `run`. */
export interface RunConfigLike {
  readonly eachMessage?: ((payload: MessagePayload) => unknown) | undefined
  readonly eachBatch?: ((payload: BatchPayload) => unknown) | undefined
  /** Whether a batch whose handler returned counts as handled, every message of it. @default true */
  readonly eachBatchAutoResolve?: boolean | undefined
}

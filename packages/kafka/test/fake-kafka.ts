import type {
  Consumer,
  ConsumerRunConfig,
  EachBatchPayload,
  EachMessagePayload,
  IHeaders,
  KafkaMessage,
  Message,
  Producer,
  ProducerBatch,
  ProducerRecord,
  RecordMetadata,
  Transaction,
} from 'kafkajs'

/** What a broker would get. */
export interface Sent {
  readonly call: 'send' | 'sendBatch'
  readonly argument: ProducerRecord | ProducerBatch
  /** Of all topics, in order. */
  readonly messages: readonly Message[]
}

/** A sender as kafkajs makes it, a bag of closures, that keeps what it is given. */
export interface FakeSender {
  readonly sent: Sent[]
  readonly sender: Pick<Producer, 'send' | 'sendBatch'>
}

function createSender(answer: () => Promise<RecordMetadata[]>): FakeSender {
  const sent: Sent[] = []
  return {
    sent,
    sender: {
      send: async (record) => {
        sent.push({ call: 'send', argument: record, messages: record.messages })
        return answer()
      },
      sendBatch: async (batch) => {
        const messages = (batch.topicMessages ?? []).flatMap((topic) => topic.messages)
        sent.push({ call: 'sendBatch', argument: batch, messages })
        return answer()
      },
    },
  }
}

/** @param answer of the broker. Default: partition 1, offset 42 */
export function createProducer(
  answer: () => Promise<RecordMetadata[]> = async () => [
    { topicName: 'orders', partition: 1, errorCode: 0, baseOffset: '42' },
  ],
): { readonly producer: Producer; readonly sent: Sent[]; readonly transacted: Sent[] } {
  const plain = createSender(answer)
  const transactional = createSender(answer)
  const transaction = {
    ...transactional.sender,
    isActive: () => true,
    commit: async () => {},
    abort: async () => {},
    sendOffsets: async () => {},
  } satisfies Transaction
  const producer = { ...plain.sender, transaction: async () => transaction } as Partial<Producer> as Producer
  return { producer, sent: plain.sent, transacted: transactional.sent }
}

/** A consumer whose deliveries are the test's to make. */
export interface FakeConsumer {
  readonly consumer: Consumer
  /** The arguments of each `run`. */
  readonly runs: readonly unknown[][]
  /** The arguments of each `seek`. */
  readonly seeks: readonly unknown[][]
  /** The argument of the latest `run`. */
  readonly config: () => ConsumerRunConfig
  /** Hands one message to the latest `eachMessage`, as kafkajs does. */
  readonly deliver: (message: KafkaMessage, topic?: string, partition?: number) => Promise<void>
  /** Hands a batch to the latest `eachBatch`, as kafkajs does. */
  readonly deliverBatch: (messages: KafkaMessage[], state?: Partial<EachBatchPayload>) => Promise<void>
}

export function createConsumer(): FakeConsumer {
  const runs: ConsumerRunConfig[][] = []
  const seeks: unknown[][] = []
  const config = (): ConsumerRunConfig => runs.at(-1)?.[0] ?? {}
  return {
    runs,
    seeks,
    config,
    consumer: {
      run: async (...args: ConsumerRunConfig[]) => {
        runs.push(args)
      },
      seek(...args: unknown[]) {
        seeks.push(args)
      },
    } as Partial<Consumer> as Consumer,
    async deliver(message, topic = 'orders', partition = 0) {
      const payload: EachMessagePayload = {
        topic,
        partition,
        message,
        heartbeat: async () => {},
        pause: () => () => {},
      }
      await config().eachMessage?.(payload)
    },
    async deliverBatch(messages, state) {
      await config().eachBatch?.(batchPayload(messages, state))
    },
  }
}

/** What `eachBatch` gets. */
export function batchPayload(messages: KafkaMessage[], state: Partial<EachBatchPayload> = {}): EachBatchPayload {
  return {
    batch: {
      topic: 'orders',
      partition: 0,
      highWatermark: '100',
      messages,
      isEmpty: () => messages.length === 0,
      firstOffset: () => messages[0]?.offset ?? null,
      lastOffset: () => messages.at(-1)?.offset ?? '0',
      offsetLag: () => '0',
      offsetLagLow: () => '0',
    },
    resolveOffset: () => {},
    heartbeat: async () => {},
    pause: () => () => {},
    commitOffsetsIfNecessary: async () => {},
    uncommittedOffsets: () => ({ topics: [] }),
    isRunning: () => true,
    isStale: () => false,
    ...state,
  }
}

/** As every broker gives them that knows headers. */
export type RecordMessage = Extract<KafkaMessage, { headers: IHeaders }>

let latest = 0

/** A message as received, at an offset that no other message has unless asked for. */
export function received(headers: IHeaders = {}, offset: number = (latest += 1)): RecordMessage {
  const timestamp = String(Date.now())
  return { key: null, value: Buffer.from('order'), timestamp, attributes: 0, offset: String(offset), headers }
}

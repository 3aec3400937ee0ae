/** The hollow clients as the tests see them. */

export interface HollowMessage {
  readonly value: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface HollowKafka {
  readonly brokers: readonly string[]
  readonly sent: readonly HollowMessage[]
  producer(config?: unknown): {
    send(record: { topic: string; messages: HollowMessage[] }): Promise<unknown>
    sendBatch(batch: object): Promise<unknown>
    transaction(): Promise<never>
  }
  consumer(config: { groupId: string }): {
    run(config?: { eachMessage: (payload: unknown) => Promise<void> }): Promise<void>
  }
}

export interface HollowKafkajs {
  readonly Kafka: {
    new (config: { clientId?: string; brokers: string[] }): HollowKafka
    readonly prototype: HollowKafka
    readonly made: number
  }
  readonly CompressionTypes: unknown
}

export interface HollowChannel {
  readonly published: readonly { readonly headers?: Readonly<Record<string, string>> }[]
  sendToQueue(queue: string, content: Buffer): boolean
  consume(queue: string, handler: (message: object) => void): Promise<unknown>
  ack(message: object): void
  nack(message: object): void
}

export interface HollowConnection {
  readonly openedIn: <Result>(work: () => Result) => Result
  createChannel(): Promise<HollowChannel>
  createChannel(opened: (error: unknown, channel: HollowChannel) => void): HollowChannel
}

export interface HollowAmqplib {
  readonly connect: (url: string, options?: object) => Promise<HollowConnection>
}

export interface HollowCallbacks {
  readonly connect: {
    (url: string, opened: (error: unknown, connection: HollowConnection) => void): void
    (
      url: string,
      options: object,
      opened: (error: unknown, connection: HollowConnection) => void,
    ): HollowConnection | undefined
  }
}

export interface HollowJob {
  readonly id: string
  readonly data: unknown
  readonly opts: { readonly telemetry?: { readonly metadata?: string } }
}

export interface HollowQueue {
  readonly opts: { readonly telemetry?: unknown }
  readonly jobs: readonly HollowJob[]
  readonly name: string
  add(name: string, data: unknown, options?: object): Promise<HollowJob>
  addBulk(jobs: object[]): Promise<HollowJob[]>
  upsertJobScheduler(id: string, repeat: object, template?: object): Promise<HollowJob>
}

export interface HollowBullmq {
  readonly Queue: { new (name: string, options?: object): HollowQueue; readonly shared: string }
  readonly FlowProducer: new (options?: object) => {
    readonly flows: readonly HollowJob[]
    add(flow: object): Promise<unknown>
    addBulk(flows: object[]): Promise<unknown>
  }
  readonly Worker: new (
    name: string,
    processor: unknown,
    options?: object,
  ) => { readonly opts: { readonly telemetry?: unknown }; run(job: HollowJob): Promise<unknown> }
  readonly ChildProcessor: new () => { init(file: string): Promise<void>; processor(job: object): unknown }
}

export interface HollowSqs {
  readonly SQSClient: new (config: object) => HollowSqsClient
  readonly SQS: new (config: object) => HollowSqsClient
  readonly SendMessageCommand: new (input: object) => object
}

export interface HollowSqsClient {
  readonly config: object
  readonly middlewareStack: { add(middleware: unknown, options: object): void }
  readonly requests: readonly object[]
  send(command: object): Promise<unknown>
}

interface HollowHandlers {
  emit(event: string, error: Error, message: object): boolean
  handle(message: object): unknown
  handleBatch(messages: object[]): unknown
}

export interface HollowConsumer {
  readonly Consumer: { new (options: object): HollowHandlers; create(options: object): HollowHandlers }
}

export interface HollowManager {
  createChannel(): {
    publish(exchange: string, routingKey: string, content: Buffer, options?: object): void
    connect(connection: HollowConnection): Promise<void>
  }
}

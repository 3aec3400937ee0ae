import { SpanKind, type TracerProvider } from '@opentelemetry/api'
import { deadLetter, retryLater, traceConnection } from '@tracebaton/amqp'
import { connect, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib'
import { answered, findBroker, type Recipe } from './container.ts'
import { charge, MAX_ATTEMPTS, ORDERS, pause } from './orders.ts'
import type { Telemetry } from './telemetry.ts'

/** Queues of this run alone, on a broker that may hold other people's. */
const RUN = `-demo-${process.pid}-${Date.now()}`
const QUEUES = {
  orders: `orders${RUN}`,
  wait: `orders-wait${RUN}`,
  dead: `orders-dead${RUN}`,
  emails: `emails${RUN}`,
}

const RABBITMQ: Recipe = {
  name: 'RabbitMQ',
  broker: 'amqp',
  images: ['rabbitmq:4', 'tracebaton/rabbitmq'],
  variable: 'TRACEBATON_AMQP',
  port: 5672,
  address: (port) => `amqp://localhost:${port}`,
  environment: () => ({}),
}

/** Runs the story on RabbitMQ, in a container or at an address. Ends when every order has ended. */
export async function runOnAmqp({ shop, billing, mailer }: Telemetry): Promise<void> {
  try {
    const address = await findBroker(RABBITMQ)
    const bare = await answered(RABBITMQ, address, () => connect(address))
    const queues = await createQueues(bare)
    const open = [bare]
    const channelOf = async (tracerProvider: TracerProvider): Promise<ConfirmChannel> => {
      const connection = traceConnection(await connect(address), {
        tracerProvider,
        destinationTemplate: ({ name }) => name?.replace(RUN, ''),
      })
      open.push(connection)
      return connection.createConfirmChannel()
    }
    try {
      const [seller, worker, postman] = await Promise.all([shop, billing, mailer].map(channelOf))
      await work(worker!)
      await Promise.all([mail(postman!), sell(seller!, shop)])
    } finally {
      await queues[Symbol.asyncDispose]()
      await Promise.all(open.map((connection) => connection.close()))
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

/** What waits in one queue goes back to the other when its time there is over. */
async function createQueues(connection: ChannelModel): Promise<AsyncDisposable> {
  const channel = await connection.createChannel()
  const back = { deadLetterExchange: '', deadLetterRoutingKey: QUEUES.orders }
  for (const queue of Object.values(QUEUES)) await channel.assertQueue(queue, queue === QUEUES.wait ? back : {})
  return {
    async [Symbol.asyncDispose]() {
      for (const queue of Object.values(QUEUES)) await channel.deleteQueue(queue)
    },
  }
}

/** The shop: each order arrives over HTTP and goes into a queue. */
async function sell(channel: ConfirmChannel, provider: TracerProvider): Promise<void> {
  const tracer = provider.getTracer('shop')
  for (const { id } of ORDERS) {
    await tracer.startActiveSpan(
      'POST /orders',
      { kind: SpanKind.SERVER, attributes: { 'order.id': id } },
      async (span) => {
        channel.sendToQueue(QUEUES.orders, Buffer.from(id), { messageId: id })
        await pause(5)
        span.end()
      },
    )
  }
}

/** The worker: charges the card, then tells the mailer. What failed waits, and comes again; what keeps failing is given up. */
async function work(channel: ConfirmChannel): Promise<void> {
  const failures = new Map<string, number>()
  const handle = async (message: ConsumeMessage): Promise<void> => {
    const id = message.content.toString()
    try {
      await charge(id)
      channel.sendToQueue(QUEUES.emails, Buffer.from(`Order ${id} is paid`))
    } catch (error) {
      const count = (failures.get(id) ?? 0) + 1
      failures.set(id, count)
      if (count < MAX_ATTEMPTS) await retryLater(channel, message, { to: QUEUES.wait, delay: 700, error })
      else await deadLetter(channel, message, { to: QUEUES.dead, error })
    }
    channel.ack(message)
  }
  await channel.prefetch(1)
  await channel.consume(QUEUES.orders, (message) => (message === null ? undefined : handle(message)))
}

/** The mailer: writes to customers, and to the people on call about every dead letter. Ends with the last order. */
async function mail(channel: ConfirmChannel): Promise<void> {
  let sent = 0
  await new Promise<void>((resolve, reject) => {
    const handle = async (message: ConsumeMessage | null): Promise<void> => {
      if (message === null) return
      await pause(8)
      channel.ack(message)
      sent += 1
      if (sent === ORDERS.length) resolve()
    }
    for (const queue of [QUEUES.emails, QUEUES.dead]) channel.consume(queue, handle).catch(reject)
  })
}

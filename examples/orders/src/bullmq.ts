import { SpanKind, type TracerProvider } from '@opentelemetry/api'
import { bullmqTelemetry, deadLetter, traceHandler } from '@tracebaton/bullmq'
import { Queue, Worker, type ConnectionOptions, type Job } from 'bullmq'
import { createRedisMock } from 'js-redis-server'
import { charge, MAX_ATTEMPTS, ORDERS, pause } from './orders.ts'
import type { Telemetry } from './telemetry.ts'

/** Queues of this run alone, on a server that may hold other people's. */
const PREFIX = `demo-${process.pid}-${Date.now()}`

/** Runs the story on BullMQ: on an embedded server, or on the Redis that `TRACEBATON_REDIS` names. */
export async function runOnBullmq({ shop, billing, mailer }: Telemetry): Promise<void> {
  await using server = await findServer()
  const { connection } = server
  const open: { close(): Promise<void> }[] = []
  const queue = (name: string, tracerProvider: TracerProvider): Queue => {
    const made = new Queue(name, { connection, prefix: PREFIX, telemetry: bullmqTelemetry({ tracerProvider }) })
    open.push(made)
    return made
  }
  const worker = (name: string, tracerProvider: TracerProvider, processor: (job: Job) => Promise<void>): void => {
    const telemetry = bullmqTelemetry({ tracerProvider })
    open.unshift(new Worker(name, traceHandler(processor), { connection, prefix: PREFIX, telemetry, drainDelay: 1 }))
  }

  const orders = queue('orders', shop)
  try {
    await orders.waitUntilReady()
    work(worker, billing, queue('emails', billing), queue('orders-dead', billing))
    await Promise.all([mail(worker, mailer), sell(orders, shop)])
  } finally {
    for (const client of open) await client.close()
    // One that is embedded goes with all it holds.
    if (!server.embedded) await clear(connection)
  }
}

type StartWorker = (name: string, provider: TracerProvider, processor: (job: Job) => Promise<void>) => void

/** The shop: each order arrives over HTTP and goes into a queue. */
async function sell(queue: Queue, provider: TracerProvider): Promise<void> {
  const tracer = provider.getTracer('shop')
  const opts = { attempts: MAX_ATTEMPTS, backoff: { type: 'fixed', delay: 700 } }
  for (const { id } of ORDERS) {
    await tracer.startActiveSpan(
      'POST /orders',
      { kind: SpanKind.SERVER, attributes: { 'order.id': id } },
      async (span) => {
        await queue.add('charge', id, opts)
        await pause(5)
        span.end()
      },
    )
  }
}

/** The worker: charges the card, then tells the mailer. An order that has had its attempts is moved to the dead ones. */
function work(start: StartWorker, provider: TracerProvider, emails: Queue, dead: Queue): void {
  start('orders', provider, async (job: Job<string>) => {
    try {
      await charge(job.data)
    } catch (error) {
      if (job.attemptsMade + 1 < MAX_ATTEMPTS) throw error
      await deadLetter(dead, job, { to: dead.name, error })
      return
    }
    await emails.add('write', `Order ${job.data} is paid`)
  })
}

/** The mailer: writes to customers, and to the people on call about every dead letter. Ends with the last order. */
async function mail(start: StartWorker, provider: TracerProvider): Promise<void> {
  let sent = 0
  await new Promise<void>((resolve) => {
    for (const name of ['emails', 'orders-dead']) {
      start(name, provider, async () => {
        await pause(8)
        sent += 1
        if (sent === ORDERS.length) resolve()
      })
    }
  })
}

interface Server extends AsyncDisposable {
  readonly connection: ConnectionOptions
  readonly embedded: boolean
}

async function findServer(): Promise<Server> {
  const given = process.env['TRACEBATON_REDIS']
  if (given) {
    const { hostname: host, port } = new URL(given)
    return { connection: { host, port: Number(port) }, embedded: false, [Symbol.asyncDispose]: async () => {} }
  }
  const mock = await createRedisMock()
  const [{ host, port } = { host: '127.0.0.1', port: 6379 }] = mock.addresses()
  return { connection: { host, port }, embedded: true, [Symbol.asyncDispose]: () => mock.close() }
}

async function clear(connection: ConnectionOptions): Promise<void> {
  for (const name of ['orders', 'orders-dead', 'emails']) {
    const queue = new Queue(name, { connection, prefix: PREFIX })
    await queue.obliterate({ force: true })
    await queue.close()
  }
}

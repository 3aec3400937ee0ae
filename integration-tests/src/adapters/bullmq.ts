import { randomUUID } from 'node:crypto'
import {
  attemptOf,
  bullmqTelemetry,
  deadLetter,
  redrive,
  retryLater,
  traceHandler,
  traceQueue,
  type TracingInput,
} from '@tracebaton/bullmq'
import * as bullmq from 'bullmq'
import type { ConnectionOptions, Job, JobsOptions, Queue } from 'bullmq'
import type { Client, Fixture, Observer, Received } from '../contract/fixture.ts'
import type { OtherClient } from './client.ts'
import { runElsewhere } from './elsewhere.ts'
import { patchedFor } from './patched.ts'
import { toTexts } from './texts.ts'

/** The arguments of `add`. */
interface Message {
  readonly name: string
  readonly data: string
  readonly opts?: JobsOptions
}

/** A queue that takes no job, because it has no room for its data. */
const IMPOSSIBLE = 'impossible'

/** ms. BullMQ cannot fail a job with `null` or `undefined`: that one has to stall first. */
const LOCK = { lockDuration: 5_000, stalledInterval: 1_000, maxStalledCount: 10 }

/**
 * BullMQ and Redis for the suite that every adapter passes.
 *
 * @param wrapped whether queues are wrapped, beside having the telemetry
 * @param restart restarts the broker, where the fixture may
 * @param other another version of BullMQ
 * @param patched whether traced clients are made by the patched module, and not wrapped
 */
export async function createBullmqFixture(
  address: string,
  wrapped: boolean,
  restart?: () => Promise<void>,
  other?: OtherClient<typeof bullmq>,
  patched = false,
): Promise<Fixture> {
  const connection = connectionTo(address)
  return {
    system: 'bullmq',
    impossible: IMPOSSIBLE,
    patience: 30_000,
    createDestination: () => Promise.resolve(`orders-${randomUUID()}`),
    headers: (headers) => ({ ...headers }),
    message: (body, headers): Message => ({
      name: 'order',
      data: body,
      ...(headers !== undefined &&
        Object.keys(headers).length > 0 && { opts: { telemetry: { metadata: JSON.stringify(headers) } } }),
    }),
    async connect(options, observe) {
      const client = other?.module ?? bullmq
      return options !== undefined && patched
        ? connect(patchedFor('bullmq', client, options), connection, undefined, wrapped, observe)
        : connect(client, connection, options, wrapped, observe)
    },
    elsewhere: (task) => runElsewhere('bullmq-process.js', address, task, other, patched),
    restart: () => restart?.() ?? Promise.reject(new Error('This broker is not ours to restart')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** How BullMQ connects to a Redis that is named by its URL. */
export function connectionTo(address: string): ConnectionOptions {
  const { hostname, port } = new URL(address)
  return { host: hostname, port: Number(port) }
}

function connect(
  client: Pick<typeof bullmq, 'Queue' | 'Worker'>,
  connection: ConnectionOptions,
  options: TracingInput | undefined,
  wrapped: boolean,
  observe?: Observer,
): Client {
  const telemetry = options === undefined ? {} : { telemetry: bullmqTelemetry(options) }
  const queues = new Map<string, Queue>()
  const queueOf = (name: string): Queue => {
    const known = queues.get(name)
    if (known !== undefined) return known
    const defaultJobOptions = name === IMPOSSIBLE ? { sizeLimit: 1 } : { attempts: 10 }
    const queue = new client.Queue(name, { connection, defaultJobOptions, ...telemetry })
    queue.on('error', () => {})
    queue.on('waiting', (job) => observe?.({ destination: name, headers: headersOf(job) }))
    const traced = options !== undefined && wrapped ? traceQueue(queue, options) : queue
    queues.set(name, traced)
    return traced
  }
  return {
    send(name, input) {
      const { name: job, data, opts } = input as Message
      return queueOf(name).add(job, data, opts)
    },
    async sendBatch(name, inputs) {
      const added = await queueOf(name).addBulk(inputs as Message[])
      // The queue emits nothing for these.
      for (const job of added) observe?.({ destination: name, headers: headersOf(job) })
      return added
    },
    async consume(name, handler, concurrency = 1) {
      const processor = (job: Job): Promise<unknown> => textOnly(handler(toReceived(job)))
      const traced = options === undefined ? processor : traceHandler(processor)
      const worker = new client.Worker(name, traced, { connection, concurrency, ...LOCK, ...telemetry })
      worker.on('error', () => {})
      await worker.waitUntilReady()
      return { [Symbol.asyncDispose]: () => worker.close() }
    },
    consumeBatch: () => Promise.reject(new Error('A worker hands over one job')),
    attemptOf(message, cloned) {
      const job = jobOf(message)
      return attemptOf(cloned === true ? cloneOf(job) : job)
    },
    moves: {
      async retryLater(message, { to, ...rest } = {}) {
        const job = jobOf(message)
        return retryLater(queueOf(to ?? job.queueName), job, { to, ...rest })
      },
      deadLetter: async (message, { to, error }) => deadLetter(queueOf(to), jobOf(message), { to, error }),
      redrive: async (message, { to }) => redrive(queueOf(to), jobOf(message), { to }),
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...queues.values()].map((queue) => queue.close()))
    },
  }
}

/** BullMQ keeps what a processor returns: texts. Whether it returns at once or later stays the same. */
function textOnly(result: unknown): Promise<unknown> {
  if (result instanceof Promise) return result.then(textOnly)
  return (typeof result === 'string' ? result : undefined) as unknown as Promise<unknown>
}

/** A job has members that are inherited. */
function cloneOf(job: Job): Job {
  return Object.create(job) as Job
}

/** What the worker gave for each message. */
const jobs = new WeakMap<Received, Job<string>>()

function jobOf(received: Received): Job<string> {
  const job = jobs.get(received)
  if (job === undefined) throw new Error(`${received.body} is no message of this fixture`)
  return job
}

function toReceived(job: Job<string>): Received {
  const received = { body: job.data, headers: headersOf(job) }
  jobs.set(received, job)
  return received
}

function headersOf({ opts }: Job): Received['headers'] {
  try {
    return toTexts(JSON.parse(opts.telemetry?.metadata ?? '{}') as object)
  } catch {
    return {}
  }
}

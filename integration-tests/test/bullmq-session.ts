import { randomUUID } from 'node:crypto'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import {
  bullmqTelemetry,
  traceFlowProducer,
  traceHandler,
  traceQueue,
  type TelemetryOptions,
  type TracingOptions,
} from '@tracebaton/bullmq'
import { assertSpans, createRecorder, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import {
  FlowProducer,
  Queue,
  Worker,
  type ConnectionOptions,
  type Job,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq'
import { expect, inject, vi } from 'vitest'
import { connectionTo } from '../src/adapters/bullmq.ts'

/** What is traced. `all`: with `traceQueue` and `traceHandler`; `telemetry`: with `bullmqTelemetry` only; `nothing`. */
type Extent = 'all' | 'telemetry' | 'nothing'

type Processor = (job: Job, token?: string, signal?: AbortSignal) => unknown

/** BullMQ on the real Redis, and everything that a test makes with it. */
export interface Session extends AsyncDisposable {
  readonly connection: ConnectionOptions
  readonly recorder: Recorder
  /** Failures that tracing has contained; empty where all is well. */
  readonly failures: readonly unknown[]
  /** The options that everything here is traced with. */
  readonly options: TracingOptions
  readonly queue: (options?: Partial<QueueOptions>, extent?: Extent) => Queue
  /** A worker on a queue; the lock is short, so that stalling does not take long. */
  readonly worker: (
    queue: { readonly name: string },
    processor: Processor | string,
    options?: Partial<WorkerOptions>,
    extent?: Extent,
    By?: typeof Worker,
  ) => Worker
  readonly flows: (extent?: Extent) => FlowProducer
  /** Waits until so many attempts on a queue's jobs have ended, and gives them in the order they started. */
  readonly attempts: (queue: { readonly name: string }, count: number) => Promise<readonly RecordedSpan[]>
  /** Calls that added to a queue, ended so far. */
  readonly sends: (queue: { readonly name: string }) => readonly RecordedSpan[]
}

/** Starts a session. Disposing it ends everything that was made with it. */
export function openSession(more: TelemetryOptions = {}): Session {
  const recorder = createRecorder()
  const provider = new NodeTracerProvider({ spanProcessors: [recorder] })
  // Only the first of a file takes effect, and is the same for all: a context manager and a propagator.
  provider.register()
  const failures: unknown[] = []
  const options = { tracerProvider: provider, onError: (error: unknown) => void failures.push(error), ...more }
  const telemetry = bullmqTelemetry(options)
  const connection = connectionTo(inject('brokers').redis)
  const open: { close(): Promise<void> }[] = []
  const closing = <Client extends { close(): Promise<void>; on(event: 'error', heard: () => void): unknown }>(
    client: Client,
  ): Client => {
    client.on('error', () => {})
    open.unshift(client)
    return client
  }
  const told = (extent: Extent) => (extent === 'nothing' ? {} : { telemetry })
  return {
    connection,
    recorder,
    failures,
    options,
    queue(queueOptions, extent = 'all') {
      const queue = closing(new Queue(`q-${randomUUID()}`, { connection, ...told(extent), ...queueOptions }))
      return extent === 'all' ? traceQueue(queue, options) : queue
    },
    worker({ name }, processor, workerOptions, extent = 'all', By = Worker) {
      const plain = processor as (job: Job) => Promise<unknown>
      const traced = extent === 'all' && typeof processor === 'function' ? traceHandler(plain) : plain
      const times = { lockDuration: 5_000, stalledInterval: 500, drainDelay: 1 }
      return closing(new By(name, traced, { connection, ...times, ...told(extent), ...workerOptions }))
    },
    flows(extent = 'all') {
      const flows = closing(new FlowProducer({ connection, ...told(extent) }))
      return extent === 'all' ? traceFlowProducer(flows, options) : flows
    },
    async attempts({ name }, count) {
      const found = await recorder.until(
        (spans) => {
          const attempts = spans.filter((span) => span.name === `process ${name}`)
          return attempts.length >= count && attempts
        },
        { timeout: 30_000, describe: `${count} attempts on ${name}` },
      )
      return found.toSorted((one, other) => one.startTime - other.startTime)
    },
    sends: ({ name }) => recorder.spans.filter((span) => span.name === `add ${name}`),
    async [Symbol.asyncDispose]() {
      for (const client of open) await client.close()
    },
  }
}

/** Waits until a check no longer fails. */
export async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 20 })
}

/** Expects that tracing had no failures and left no span open. */
export function expectSound({ failures, recorder }: Session): void {
  expect(failures).toEqual([])
  assertSpans(recorder.open, [])
}

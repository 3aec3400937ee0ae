import { randomUUID } from 'node:crypto'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { traceConnection } from '@tracebaton/amqp'
import type { TracingOptions } from '@tracebaton/core'
import { assertSpans, createRecorder, messageFacts, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import { connect, type Channel, type ChannelModel, type ConsumeMessage, type GetMessage, type Options } from 'amqplib'
import { expect, inject, vi } from 'vitest'

/** amqplib, connected to the real broker, and everything that a test makes with it. */
export interface Session extends AsyncDisposable {
  /** The connection that a program would use: traced, or as it comes. */
  readonly connection: ChannelModel
  /** A channel of it. */
  readonly channel: Channel
  /** A channel without tracing, for what belongs to the test. */
  readonly plain: Channel
  readonly recorder: Recorder
  readonly provider: NodeTracerProvider
  /** Failures that tracing has contained; empty where all is well. */
  readonly failures: readonly unknown[]
  /** Another connection like the first. */
  connect(): Promise<ChannelModel>
  /** Makes a queue that nobody else uses, and that ends with the broker. */
  queue(options?: Options.AssertQueue): Promise<string>
  /** Waits until a message is in the queue, and gives it. */
  next(channel: Channel, queue: string): Promise<GetMessage>
  /** Consumes the next messages, in the order they come, and leaves them unsettled. */
  take(channel: Channel, queue: string, count: number): Promise<ConsumeMessage[]>
  /** Waits until so many attempts at messages of a queue have ended, and gives them in the order they started. */
  attempts(queue: string, count: number): Promise<readonly RecordedSpan[]>
}

const PATIENCE = { timeout: 20_000, interval: 20 }

/** Starts a session. Disposing it ends everything that was made with it. */
export async function openSession(traced: boolean, more: TracingOptions = {}): Promise<Session> {
  const recorder = createRecorder()
  const provider = new NodeTracerProvider({ spanProcessors: [recorder] })
  // Only the first of a file takes effect, and is the same for all: a context manager and a propagator.
  provider.register()
  const failures: unknown[] = []
  const options = { tracerProvider: provider, onError: (error: unknown) => void failures.push(error), ...more }
  const open: ChannelModel[] = []
  const connectAs = async (wrapped: boolean): Promise<ChannelModel> => {
    const bare = await connect(inject('brokers').rabbitmq)
    // A test that kills a connection does not want to hear of it here.
    bare.on('error', () => {})
    open.push(bare)
    return wrapped ? traceConnection(bare, options) : bare
  }
  const [connection, own] = [await connectAs(traced), await connectAs(false)]
  const [channel, plain] = [await connection.createChannel(), await own.createChannel()]
  const queues: string[] = []
  return {
    connection,
    channel,
    plain,
    recorder,
    provider,
    failures,
    connect: () => connectAs(traced),
    async queue(declared) {
      const name = `amqplib-${randomUUID()}`
      await plain.assertQueue(name, declared)
      queues.push(name)
      return name
    },
    next: (reader, queue) =>
      vi.waitFor(async () => {
        const message = await reader.get(queue)
        expect(message, `a message in ${queue}`).not.toBe(false)
        return message as GetMessage
      }, PATIENCE),
    async take(reader, queue, count) {
      const messages: ConsumeMessage[] = []
      const { consumerTag } = await reader.consume(
        queue,
        (message) => void (message !== null && messages.push(message)),
      )
      await vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count), PATIENCE)
      await reader.cancel(consumerTag)
      return messages
    },
    attempts: (queue, count) =>
      recorder.until(
        (spans) => {
          const found = spans
            .filter((span) => messageFacts(span).operationType === 'process')
            .filter((span) => messageFacts(span).destination?.split(':').at(-1) === queue)
          return found.length >= count && found.toSorted((one, other) => one.startTime - other.startTime)
        },
        { timeout: PATIENCE.timeout, describe: `${count} attempts at messages of ${queue}` },
      ),
    async [Symbol.asyncDispose]() {
      for (const queue of queues) await plain.deleteQueue(queue)
      // A connection that is gone cannot be closed.
      await Promise.all(open.map((one) => one.close().catch(() => {})))
      assertSpans(recorder.open, [])
      expect(failures, 'contained failures').toEqual([])
    },
  }
}

import type { Span, Tracer } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { createTracing, type Tracing, type TracingOptions } from '@tracebaton/core'
import { createRecorder, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import { createCalls, type Call, type Calls } from './attempt.ts'
import type { Batch, Client, Fixture, HeaderValue, Moves, Received, Sent } from './fixture.ts'
import { createMetering, type Metering } from './metering.ts'

/** Where one scenario plays: an SDK of its own, a fixture, and everything that has to be ended afterwards. */
export interface Stage {
  readonly fixture: Fixture
  readonly recorder: Recorder
  readonly metering: Metering
  readonly tracer: Tracer
  /** Failures of ours that were contained. A scenario that provokes them takes them out. */
  readonly failures: unknown[]
  /** The messages that clients of this process have sent. */
  readonly sent: readonly Sent[]
  /** The destinations that were made, in the order in which the scenario asked for them. */
  readonly destinations: readonly string[]
  /** The spans of other processes. */
  readonly elsewhere: readonly RecordedSpan[]
  /** Tracing with the stage's SDK. */
  tracing(options?: TracingOptions): Tracing
  /** A traced client with the stage's SDK. */
  client(options?: TracingOptions): Promise<Client>
  /** A client without tracing: it writes and reads what is really on the wire. */
  plain(): Promise<Client>
  destination(concurrency?: number): Promise<string>
  /** Runs work in an active span of the application. */
  inSpan<Result>(name: string, work: (span: Span) => Promise<Result>): Promise<Result>
  send(
    client: Client,
    destination: string,
    body: string,
    headers?: Readonly<Record<string, HeaderValue>>,
  ): Promise<void>
  /** Handles the messages of a destination. */
  handle(
    client: Client,
    destination: string,
    handler?: (message: Received, call: Call) => unknown,
    concurrency?: number,
  ): Promise<Calls>
  /** Handles batches; the handler notes the calls for single messages itself. */
  handleBatches(client: Client, destination: string, handler: (batch: Batch, calls: Calls) => unknown): Promise<Calls>
  /** The publishing helpers of a client. Only with the capability `moves`. */
  moves(client: Client): Moves
  /** Reads the next messages of a destination without tracing. */
  read(destination: string, count: number): Promise<readonly Received[]>
  /** Stops the consumers and disconnects the clients. */
  close(): Promise<void>
}

/** What SDKs register. */
const PROPAGATOR = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
})

/** Everything is sampled, except below an unsampled parent. */
export function createStage(fixture: Fixture): Stage {
  const recorder = createRecorder()
  const metering = createMetering()
  const provider = new BasicTracerProvider({ spanProcessors: [recorder] })
  const tracer = provider.getTracer('application')
  const failures: unknown[] = []
  const sent: Sent[] = []
  const destinations: string[] = []
  let asked = 0
  const elsewhere: RecordedSpan[] = []
  const ends: AsyncDisposable[] = []
  const ending = <End extends AsyncDisposable>(end: End): End => {
    ends.push(end)
    return end
  }
  const complete = (options: TracingOptions): TracingOptions => ({
    tracerProvider: provider,
    meterProvider: metering.provider,
    propagator: PROPAGATOR,
    onError: (error) => failures.push(error),
    ...options,
  })
  const observe = (message: Sent): void => void sent.push(message)
  const stage: Stage = {
    fixture: {
      ...fixture,
      async elsewhere(task) {
        const done = await fixture.elsewhere(task)
        elsewhere.push(...done.spans)
        return done
      },
    },
    recorder,
    metering,
    tracer,
    failures,
    sent,
    destinations,
    elsewhere,
    tracing: (options = {}) => createTracing(complete(options)),
    client: async (options = {}) => ending(await fixture.connect(complete(options), observe)),
    plain: async () => ending(await fixture.connect(undefined, observe)),
    async destination(concurrency = 1) {
      const index = asked++
      const name = await fixture.createDestination(concurrency)
      destinations[index] = name
      return name
    },
    inSpan: (name, work) =>
      tracer.startActiveSpan(name, async (span) => {
        try {
          return await work(span)
        } finally {
          span.end()
        }
      }),
    async send(client, destination, body, headers) {
      const bag = headers && fixture.headers(headers)
      await client.send(destination, fixture.message(body, bag))
    },
    async handle(client, destination, handler, concurrency = 1) {
      const calls = createCalls(recorder, fixture.patience)
      const observed = (message: Received): unknown => handler?.(message, calls.note(message))
      const noted = handler === undefined ? (message: Received) => void calls.note(message) : observed
      ending(await client.consume(destination, noted, concurrency))
      return calls
    },
    async handleBatches(client, destination, handler) {
      const calls = createCalls(recorder, fixture.patience)
      ending(await client.consumeBatch(destination, (batch) => handler(batch, calls)))
      return calls
    },
    moves(client) {
      if (client.moves === undefined) throw new Error('This adapter has no publishing helpers')
      return client.moves
    },
    async read(destination, count) {
      const calls = createCalls(recorder, fixture.patience)
      ending(await (await stage.plain()).consume(destination, (message) => void calls.note(message)))
      return calls.begun(count)
    },
    async close() {
      // A consumer is stopped before the client that it was made from.
      for (const end of ends.splice(0).toReversed()) await end[Symbol.asyncDispose]()
    },
  }
  return stage
}

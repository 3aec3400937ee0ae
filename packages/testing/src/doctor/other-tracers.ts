import { hasSubscribers } from 'node:diagnostics_channel'
import { doubtful, ill, type Diagnosis } from './diagnosis.ts'

/** A tracer that is no SDK of OpenTelemetry unless told, and that follows clients by itself. */
interface OtherTracer {
  /** Its package. */
  readonly name: string
  /** What it leaves in a process: a property of the global object, or the description of a symbol there. */
  readonly mark: string
  /** What makes it register as the SDK. */
  readonly register: string
  /** The channel in which it hears of the calls of a client, by the client's package. Others patch functions. */
  readonly channels: Readonly<Record<string, string>>
  /** What makes it leave messages to tracebaton. */
  readonly spare: string
}

// The warnings of the adapters know the same: a test compares.
export const otherTracers: readonly OtherTracer[] = [
  {
    name: 'dd-trace',
    mark: 'dd-trace',
    register: 'new tracer.TracerProvider().register()',
    channels: {
      kafkajs: 'apm:kafkajs:produce:start',
      amqplib: 'apm:amqplib:publish:start',
      '@aws-sdk/client-sqs': 'apm:aws:request:start:sqs',
      bullmq: 'tracing:orchestrion:bullmq:Queue_add:start',
    },
    spare: "tracer.use('kafkajs', false), as for amqplib and bullmq, and tracer.use('aws-sdk', { sqs: false })",
  },
  {
    name: '@sentry/node',
    mark: '__SENTRY__',
    register: 'Sentry.init({ enableOpenTelemetrySetup: true })',
    channels: {
      kafkajs: 'tracing:orchestrion:kafkajs:send_batch:start',
      amqplib: 'tracing:orchestrion:amqplib:publish:start',
      '@aws-sdk/client-sqs': 'tracing:orchestrion:@smithy/smithy-client:send:start',
    },
    spare:
      "Sentry.init({ integrations: (all) => all.filter(({ name }) => !['Kafka', 'Amqplib', 'Aws'].includes(name)) })",
  },
  {
    name: 'elastic-apm-node',
    mark: 'ElasticAPMAgentInitialized',
    register: 'its option opentelemetryBridgeEnabled: true',
    channels: {},
    spare: "its option ignoreMessageQueues: ['*']",
  },
]

/** The other tracers of this process. */
export function loadedTracers(): readonly OtherTracer[] {
  const marks = new Set(Reflect.ownKeys(globalThis).map((key) => (typeof key === 'symbol' ? key.description : key)))
  return otherTracers.filter(({ mark }) => marks.has(mark))
}

/** Clients that another tracer follows in this process, beside tracebaton. */
export function diagnoseFollowed(): Diagnosis[] {
  return loadedTracers().flatMap(({ name, channels, spare }) => {
    const clients = Object.keys(channels).filter((client) => hasSubscribers(channels[client] ?? ''))
    if (clients.length === 0) return []
    const finding = `${name} follows ${clients.join(', ')} in a process that uses tracebaton: everything has two spans.`
    return [ill('instrumentation', finding, `Disable one of the two: ${spare}.`)]
  })
}

/** Other tracers that are installed beside our adapters. */
export function diagnoseInstalledTracers(isInstalled: (name: string) => boolean): Diagnosis[] {
  return otherTracers
    .filter(({ name }) => isInstalled(name))
    .map(({ name, register, spare }) =>
      doubtful(
        'instrumentation',
        `${name} is installed beside tracebaton: it may trace the same clients, and registers no OpenTelemetry SDK unless told.`,
        `To trace with both, register it: ${register}. To have one span for everything: ${spare}.`,
      ),
    )
}

import { context, type MeterProvider, type TracerProvider } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider as SdkMeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { createRecorder, type Recorder } from '@tracebaton/testing'

/** One service: what it hands to its clients. */
export interface Service {
  readonly tracerProvider: TracerProvider
  readonly meterProvider: MeterProvider
}

/** Services of one process, each with providers of its own, as it would have them in a process of its own. */
export interface Services<Name extends string> {
  readonly of: Readonly<Record<Name, Service>>
  /** Has the spans of all of them: what the Collector should have as well. */
  readonly recorder: Recorder
  /** Sends all that has not been sent. Rejects when the Collector does not take it. */
  flush(): Promise<void>
  /** Sends the rest, and ends. */
  shutdown(): Promise<void>
}

/** What all services of a run have. */
export interface ServicesOptions {
  /** Where the Collector takes OTLP over HTTP. */
  readonly collector: string
  /**
   * Of every service.
   * @default the SDK's: everything is sampled
   */
  readonly sampler?: Sampler
  /**
   * Sees every span before it is exported.
   * @default none
   */
  readonly processor?: SpanProcessor
}

/** Starts the services, which export all they record. */
export function startServices<Name extends string>(
  names: readonly Name[],
  { collector, sampler, processor }: ServicesOptions,
): Services<Name> {
  // The first of a process stays; any will do.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const recorder = createRecorder()
  const started = names.map((name) => {
    const resource = resourceFromAttributes({ 'service.name': name, 'service.instance.id': `${name}-${process.pid}` })
    const exporter = new OTLPTraceExporter({ url: `${collector}/v1/traces` })
    const limits = { maxQueueSize: 100_000, maxExportBatchSize: 512, scheduledDelayMillis: 200 }
    const spanProcessors = [...(processor ? [processor] : []), recorder, new BatchSpanProcessor(exporter, limits)]
    const tracerProvider = new NodeTracerProvider({ resource, spanProcessors, ...(sampler && { sampler }) })
    const metricExporter = new OTLPMetricExporter({ url: `${collector}/v1/metrics` })
    const reader = new PeriodicExportingMetricReader({
      exporter: metricExporter,
      exportIntervalMillis: 1000,
      exportTimeoutMillis: 900,
    })
    return { name, tracerProvider, meterProvider: new SdkMeterProvider({ resource, readers: [reader] }) }
  })
  const all = started.flatMap(({ tracerProvider, meterProvider }) => [tracerProvider, meterProvider])
  return {
    of: Object.fromEntries(started.map(({ name, ...service }): [string, Service] => [name, service])) as Record<
      Name,
      Service
    >,
    recorder,
    async flush() {
      await Promise.all(all.map((provider) => provider.forceFlush()))
    },
    async shutdown() {
      await Promise.all(all.map((provider) => provider.shutdown()))
    },
  }
}

import { metrics, type TracerProvider } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { createRecorder, type Recorder } from '@tracebaton/testing'

/** Three services in one process: each has a tracer provider of its own, as it would have in a process of its own. */
export interface Telemetry extends AsyncDisposable {
  /** Gets the spans of all services. */
  readonly recorder: Recorder
  readonly shop: TracerProvider
  readonly billing: TracerProvider
  readonly mailer: TracerProvider
}

/** Sets OpenTelemetry up. Spans and metrics also go to a backend when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. */
export function startTelemetry(): Telemetry {
  const recorder = createRecorder()
  const exporting = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined
  const provide = (service: string): NodeTracerProvider => {
    const spanProcessors: SpanProcessor[] = [recorder]
    if (exporting) spanProcessors.push(new BatchSpanProcessor(new OTLPTraceExporter()))
    return new NodeTracerProvider({ resource: resourceFromAttributes({ 'service.name': service }), spanProcessors })
  }
  const providers = { shop: provide('shop'), billing: provide('billing'), mailer: provide('mailer') }
  // Gives the process its context manager and its propagator; which service a span belongs to, each client is told.
  providers.shop.register()
  const meterProvider = exporting ? startMetrics() : undefined
  return {
    recorder,
    ...providers,
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(providers).map((provider) => provider.shutdown()))
      await meterProvider?.shutdown()
    },
  }
}

/** The metrics of all services together, every second: people who watch a demo do not wait for a minute. */
function startMetrics(): MeterProvider {
  const exporter = new OTLPMetricExporter()
  const timing = { exportIntervalMillis: 1000, exportTimeoutMillis: 900 }
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'demo' }),
    readers: [new PeriodicExportingMetricReader({ exporter, ...timing })],
  })
  metrics.setGlobalMeterProvider(provider)
  return provider
}

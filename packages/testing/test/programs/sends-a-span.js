import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'child' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
provider.getTracer('child').startSpan('from a child').end()
await provider.shutdown()

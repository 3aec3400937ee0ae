type Fields = Readonly<Record<string, unknown>>

/** What a piece of JSON is instead of OTLP, and what to do about it. */
export function foreignExport(value: unknown): string {
  if (!isFields(value)) return 'not a trace request'
  if (isJaeger(value)) {
    return 'a Jaeger export, not OTLP: ask Jaeger for /api/v3/traces, or write a file with the Collector’s file exporter'
  }
  if (isZipkin(value)) return 'a Zipkin export, not OTLP: send the spans to a Collector that writes a file'
  return 'not a trace request'
}

function isJaeger(value: Fields): boolean {
  const [first] = Array.isArray(value['data']) ? (value['data'] as readonly unknown[]) : [value]
  return isFields(first) && 'traceID' in first && ('spans' in first || 'processes' in first)
}

function isZipkin(value: Fields): boolean {
  return 'traceId' in value && 'id' in value && !('spanId' in value)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

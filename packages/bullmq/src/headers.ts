import { replaceFields, type Fields, type AdapterTracing } from '@tracebaton/core/adapter'

/** Longer metadata is not looked into, so that nobody's nonsense costs a worker its time. Characters. */
const MAX_LENGTH = 65_536

/**
 * The header fields in a job's metadata: an object of texts, as JSON, which is what `bullmq-otel` writes, too. Metadata
 * without any field of the propagator's is a context that cannot be read, whatever it is.
 */
export function readMetadata(tracing: AdapterTracing, metadata: unknown): Readonly<Record<string, unknown>> {
  // BullMQ writes `false` for a job that wants no context.
  if (!metadata) return {}
  const fields = parse(metadata)
  if (fields !== undefined && Object.keys(fields).some(tracing.isField)) return fields
  const [name = 'traceparent'] = tracing.fieldNames()
  return { [name]: '' }
}

/** The metadata with fields that replace earlier ones. What else stands there stays, as far as it can be read. */
export function writeMetadata(tracing: AdapterTracing, metadata: unknown, fields: Fields): string {
  return JSON.stringify(replaceFields<unknown>(parse(metadata), fields, tracing.isField, (text) => text))
}

function parse(metadata: unknown): Record<string, unknown> | undefined {
  if (typeof metadata !== 'string' || metadata.length > MAX_LENGTH) return undefined
  try {
    const value: unknown = JSON.parse(metadata)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

import { packages } from './packages.ts'
import { tracingFor } from './say.ts'

/** The mark of our own telemetry. */
const OURS = Symbol.for('tracebaton.bullmq.telemetry.1')

function telemetryIn(options: unknown): unknown {
  return (Object(options) as { readonly telemetry?: unknown }).telemetry
}

/** Whether options bring the telemetry of another package. */
export function isForeign(options: unknown): boolean {
  const telemetry = telemetryIn(options)
  return telemetry !== undefined && !Reflect.has(Object(telemetry) as object, OURS)
}

/** A copy of options with our telemetry; the options themselves, if they bring one. */
export function withTelemetry(options: unknown, sandboxed = false): unknown {
  if (telemetryIn(options) !== undefined) return options
  const telemetry = packages.bullmq.bullmqTelemetry({ tracing: tracingFor('bullmq'), sandboxed })
  return { ...(options as object | undefined), telemetry }
}

import { context as contexts, createContextKey, type Context } from '@opentelemetry/api'
import { warnOfInstrumentation, withValue, type AdapterTracing } from '@tracebaton/core/adapter'
import { FOLLOWERS } from './client.ts'

/**
 * A call on a client that a look-alike of ours traces, and whether BullMQ has told its telemetry of it. A client whose class
 * the instrumentation has replaced looks for it as well.
 */
interface OwnCall {
  readonly of: object
  told: boolean
}

const OWN_CALL = createContextKey('tracebaton.bullmq.own-call.2')

/** Marks telemetry of ours, so that other telemetry is told from it, even where this package is loaded twice. */
export const OURS: symbol = Symbol.for('tracebaton.bullmq.telemetry.1')

/** The telemetry that a queue or a producer of flows was given. */
function telemetryOf(client: object): unknown {
  const { telemetry } = (Reflect.get(client, 'opts') ?? {}) as { readonly telemetry?: unknown }
  return telemetry
}

/** Says that there will be two spans for everything: another telemetry also replaces the context on each job. */
export function warnOfTelemetry(tracing: AdapterTracing, client: object): void {
  warnOfInstrumentation(tracing, client, 'add', FOLLOWERS)
  tracing.guard(() => {
    const telemetry = telemetryOf(client)
    if (telemetry === undefined || (telemetry !== null && Reflect.has(Object(telemetry), OURS))) return
    tracing.warn(
      'A wrapped queue or flow producer also has the telemetry of another package, so every span is there twice. ' +
        'Give it `telemetry: bullmqTelemetry()` or none',
    )
  })
}

/**
 * Makes a call that the client's telemetry, if it is ours, leaves alone; but not what listeners do in the meantime, which
 * is why a client without any is not told of it.
 */
export function callAlone<Result>(tracing: AdapterTracing, client: object, call: () => Result): Result {
  if (tracing.guard(() => telemetryOf(client)) === undefined) return call()
  const own: OwnCall = { of: client, told: false }
  const context = tracing.guard(() => withValue(contexts.active(), OWN_CALL, own))
  return context === undefined ? call() : tracing.runIn(context, call)
}

/** Whether the call that BullMQ tells of is one that a look-alike traces. Only the first is. */
export function isOwnCall(context: Context): boolean {
  const own = context.getValue(OWN_CALL) as OwnCall | undefined
  if (own === undefined || own.told) return false
  own.told = true
  return true
}

import { context as contexts, ROOT_CONTEXT } from '@opentelemetry/api'
import type { AdapterTracing } from '../tracing.ts'

/**
 * A callback that runs in the context of the call that it was given to: a client or a library calls it in the context of
 * its socket, or of what it does at the time. Gives what the callback gives, and throws what it throws.
 */
export function fromHere(
  tracing: Pick<AdapterTracing, 'guard' | 'runIn'>,
  callback: (this: unknown, ...args: unknown[]) => unknown,
): (this: unknown, ...args: unknown[]) => unknown {
  const here = tracing.guard(() => contexts.active()) ?? ROOT_CONTEXT
  return function (...args) {
    return tracing.runIn(here, () => Reflect.apply(callback, this, args))
  }
}

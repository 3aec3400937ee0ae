import { lookAlike } from './look-alike.ts'
import { processWide } from '../base/process-wide.ts'
import { SHARED } from '../base/shared-state.ts'

/** The client objects behind our look-alikes. */
const originals = processWide(SHARED.originals, () => new WeakMap<object, object>())

/** How client objects, and look-alikes of them, are traced. */
const tracings = processWide(SHARED.tracings, () => new WeakMap<object, object>())

/** What is to be wrapped: wrapping a look-alike of ours again replaces it, because two of them would count twice. */
export function originalOf<Target extends object>(object: Target): Target {
  return (originals.get(object) ?? object) as Target
}

/**
 * A look-alike of a client object whose original is known.
 *
 * @param tracing where the object sends: moves of messages by it are traced the same way
 */
export function traced<Target extends object>(original: Target, members: Partial<Target>, tracing?: object): Target {
  const wrapped = lookAlike(original, members)
  originals.set(wrapped, original)
  if (tracing !== undefined) tracedBy(wrapped, tracing)
  return wrapped
}

/** Remembers how a client object is traced that is no look-alike. */
export function tracedBy(client: object, tracing: object): void {
  tracings.set(client, tracing)
}

/** The tracing that a client object was wrapped with; see `tracingOf`. */
export function rememberedTracing(client: object): object | undefined {
  return tracings.get(client)
}

import { lookAlike } from './look-alike.ts'
import { tracedBy } from '../instances.ts'
import type { AdapterTracing } from '../tracing.ts'
import { otherTracerOf, type Followers } from '../base/other-tracers.ts'
import { processWide, SHARED } from '../base/shared-state.ts'

/** The client objects behind our look-alikes. */
const originals = processWide(SHARED.originals, () => new WeakMap<object, object>())

/** What is to be wrapped: wrapping a look-alike of ours again replaces it, because two of them would count twice. */
export function originalOf<Target extends object>(object: Target): Target {
  return (originals.get(object) ?? object) as Target
}

/**
 * A look-alike of a client object whose original is known.
 *
 * @param tracing where the object sends: moves of messages by it are traced the same way
 */
export function traced<Target extends object>(
  original: Target,
  members: Partial<Target>,
  tracing?: AdapterTracing,
): Target {
  const wrapped = lookAlike(original, members)
  originals.set(wrapped, original)
  if (tracing !== undefined) tracedBy(wrapped, tracing)
  return wrapped
}

/** Clients that are patched by others, who leave their messages to us. */
const leftToUs = processWide(SHARED.leftToUs, () => new WeakSet<object>())

/** Says of a client that the instrumentation which patches it was told to leave messages to us. */
export function leaveToUs(client: object): void {
  leftToUs.add(client)
}

/** Instances that have said it. Each load of core has its own. */
const warned = new WeakSet<object>()

/**
 * Says, once per instance, that another tracer follows this client, too: then there are two spans for everything, and the
 * context on a message is that of the inner one. It cannot be undone from here.
 *
 * @param method the name of a method of the client that is patched by those who patch
 */
export function warnOfInstrumentation(
  tracing: Pick<AdapterTracing, 'guard' | 'warn'>,
  client: object,
  method: string,
  followers: Followers,
): void {
  tracing.guard(() => {
    const patched: unknown = leftToUs.has(client) ? undefined : Reflect.get(client, method)
    const other = warned.has(tracing) ? undefined : otherTracerOf(patched, followers)
    if (other === undefined) return
    warned.add(tracing)
    const [who, spare] = other
    tracing.warn(
      `${followers.library} is also traced by ${who}: where both record, every span is there twice. ` +
        `Disable one, for example by ${spare}`,
    )
  })
}

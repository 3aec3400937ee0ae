import { lookAlike } from './look-alike.ts'
import { tracedBy, type AdapterTracing } from '../tracing.ts'
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

const warned = new WeakSet<object>()

/**
 * Says, once per instance, when the official instrumentation has patched this client too: then there are two spans for
 * everything, and the context on a message is that of the inner one. It cannot be undone from here.
 *
 * @param method the name of a method that it patches
 * @param library the client's package: `kafkajs`
 */
export function warnOfInstrumentation(
  tracing: { guard(work: () => void): void; warn(message: string): void },
  client: object,
  method: string,
  library: string,
): void {
  tracing.guard(() => {
    const patched = Reflect.get(client, method) as Readonly<Record<string, unknown>> | undefined
    if (patched?.['__wrapped'] !== true || warned.has(tracing)) return
    warned.add(tracing)
    tracing.warn(
      `${library} is also patched by another instrumentation, so every span is there twice. Disable one, for example by ` +
        `getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-${library}': { enabled: false } })`,
    )
  })
}

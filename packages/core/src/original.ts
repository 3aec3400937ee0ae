import { lookAlike } from './look-alike.ts'
import { processWide } from './process-wide.ts'

/** The client objects behind our look-alikes. */
const originals = processWide('tracebaton.originals.0', () => new WeakMap<object, object>())

/** What is to be wrapped: wrapping a look-alike of ours again replaces it, because two of them would count twice. */
export function originalOf<Target extends object>(object: Target): Target {
  return (originals.get(object) ?? object) as Target
}

/** A look-alike of a client object whose original is known. */
export function traced<Target extends object>(original: Target, members: Partial<Target>): Target {
  const wrapped = lookAlike(original, members)
  originals.set(wrapped, original)
  return wrapped
}

import { packages } from './packages.ts'
import { ownTracing, wishFor, type Client } from './say.ts'

type Callback = (this: unknown, ...args: unknown[]) => unknown

/**
 * A callback that runs in the context of the call that it was given to: a library calls it in the context of what it does
 * at the time. While the client is not traced, it is the callback itself.
 */
export function fromHere(client: Client, callback: Callback): Callback {
  if (wishFor(client) === undefined) return callback
  const tracing = ownTracing(client)
  const here = tracing.guard(() => packages.api.context.active())
  if (here === undefined) return callback
  return function (...args) {
    return tracing.runIn(here, () => Reflect.apply(callback, this, args))
  }
}

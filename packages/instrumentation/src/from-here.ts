import { packages } from './packages.ts'
import { ownTracing, wishFor, type Client } from './say.ts'

type Callback = (this: unknown, ...args: unknown[]) => unknown

/** A callback that runs in the context of the call that it was given to; while the client is not traced, the callback itself. */
export function fromHere(client: Client, callback: Callback): Callback {
  return wishFor(client) === undefined ? callback : packages.core.fromHere(ownTracing(client), callback)
}

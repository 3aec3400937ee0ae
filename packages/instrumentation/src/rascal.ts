import { named, withExports } from './exports.ts'
import { fromHere } from './from-here.ts'
import type { ModulePatch } from './module-hook.ts'
import { ownTracing } from './say.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * What asks a vhost for a channel, by a callback. It opens and lends one channel at a time, so that a request which waits for
 * its turn is answered in the context of the one before, and publishes there.
 */
const REQUESTS = ['borrowChannel', 'borrowConfirmChannel', 'getChannel', 'getConfirmChannel'] as const

/** Has each request of a vhost answered in its own context. */
function answerInContext(vhost: unknown): void {
  for (const name of REQUESTS) {
    const request: unknown = Reflect.get(Object(vhost) as object, name)
    if (typeof request !== 'function') continue
    const asked: Method = function (...args) {
      const [answer] = args
      if (typeof answer === 'function') args[0] = fromHere('amqplib', answer as Method)
      return Reflect.apply(request, this, args)
    }
    Reflect.set(vhost as object, name, named(request, asked))
  }
}

/** The vhosts of rascal. Its connections are those of amqplib. */
export const VHOSTS: ModulePatch = {
  file: 'rascal/lib/amqp/Vhost.js',
  patch(exports: { readonly create?: Method }) {
    const { create } = exports
    const tracing = ownTracing('amqplib')
    if (typeof create !== 'function') throw new TypeError('there is no function create')
    const creating: Method = function (...args) {
      const at = args.findLastIndex((arg) => typeof arg === 'function')
      const created = args[at] as Method | undefined
      if (created !== undefined) {
        args[at] = function (this: unknown, ...answer: unknown[]): unknown {
          tracing.guard(() => answerInContext(answer[1]))
          return Reflect.apply(created, this, answer)
        }
      }
      return Reflect.apply(create, this, args)
    }
    return withExports(exports, { create: named(create, creating) })
  },
}

import { types } from 'node:util'
import type { ConnectionLike } from '@tracebaton/amqp'
import { MANAGED_CHANNELS } from './amqp-connection-manager.ts'
import { named, withExports } from './exports.ts'
import { fromHere } from './from-here.ts'
import { ClientInstrumentation, type ClientParts, type TracebatonConfig } from './instrumentation.ts'
import type { ModulePatch } from './module-hook.ts'
import { packages } from './packages.ts'
import { VHOSTS } from './rascal.ts'
import { ownTracing, tracingFor, wishFor } from './say.ts'

type Connect = (this: unknown, ...args: unknown[]) => unknown

/** A `connect`, of either API, whose connections are traced. */
function tracedConnect(connect: Connect): Connect {
  const tracing = tracingFor('amqplib')
  const { isObject } = packages.core
  const { ROOT_CONTEXT } = packages.api
  const { traceConnection } = packages.amqp
  const wrap = (connection: unknown): unknown =>
    isObject(connection) ? traceConnection(connection as ConnectionLike, { tracing }) : connection
  const traced: Connect = function (...args) {
    const at = args.findLastIndex((arg) => typeof arg === 'function')
    args = args.map((arg, position) => (position === at ? answered(arg as Connect, wrap) : withSetUp(arg, wrap)))
    const call = (): unknown => Reflect.apply(connect, this, args)
    // What a connection does later is not a part of the request that opened it.
    const result = wishFor('amqplib') === undefined ? call() : ownTracing('amqplib').runIn(ROOT_CONTEXT, call)
    // With callbacks a connection that recovers is there at once.
    return types.isPromise(result) ? result.then(wrap) : wrap(result)
  }
  return named(connect, traced)
}

/** The caller's callback, which gets a traced connection, in the context of the call. */
function answered(callback: Connect, wrap: (connection: unknown) => unknown): Connect {
  return fromHere('amqplib', function (error, ...rest) {
    return Reflect.apply(callback, this, [error, ...rest.map(wrap)])
  })
}

interface Recovering {
  readonly recovery?: { readonly setup?: unknown } | undefined
}

/** A connection that recovers hands a bare one to its `setup`, each time, and a callback if that takes two arguments. */
function withSetUp(options: unknown, wrap: (connection: unknown) => unknown): unknown {
  const { recovery } = Object(options) as Recovering
  const setup = Object(recovery).setup as unknown
  if (typeof setup !== 'function') return options
  const traced: Connect = function (model, ...rest) {
    return Reflect.apply(setup, this, [wrap(model), ...rest])
  }
  return { ...(options as object), recovery: { ...recovery, setup: named(setup, traced) } }
}

const patchOf = (file: string, module: string): ModulePatch => ({
  file,
  module,
  patch(exports: { readonly connect?: Connect }) {
    if (typeof exports.connect !== 'function') throw new TypeError('there is no function connect')
    return withExports(exports, { connect: tracedConnect(exports.connect) })
  },
})

export const AMQPLIB: ClientParts = {
  client: 'amqplib',
  patches: [
    patchOf('amqplib/channel_api.js', 'amqplib'),
    patchOf('amqplib/callback_api.js', 'amqplib/callback_api'),
    MANAGED_CHANNELS,
    VHOSTS,
  ],
}

/** Options of {@link AmqplibInstrumentation}. */
export type AmqplibConfig = TracebatonConfig

/**
 * Traces the connections that `connect` of amqplib opens, of the promise and of the callback API, those of
 * amqp-connection-manager among them.
 */
export class AmqplibInstrumentation extends ClientInstrumentation<AmqplibConfig> {
  constructor(config: AmqplibConfig = {}) {
    super(AMQPLIB, config)
  }
}

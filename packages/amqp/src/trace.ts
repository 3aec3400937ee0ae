import { types } from 'node:util'
import {
  originalOf,
  resolveTracing,
  traced,
  warnOfInstrumentation,
  type AdapterTracing,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { invoke, invokeAndTell, type ChannelLike, type ConnectionLike, type Method } from './client.ts'
import { receivers } from './consumer.ts'
import { LIBRARY } from './describe.ts'
import { rememberExclusive } from './destination.ts'
import { publishers } from './producer.ts'
import { settlers } from './settle.ts'
import { abandonChannelsOf, abandonClosed } from './unsettled.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceConnection} and {@link traceChannel}. */
export type AmqpOptions = TracingInput

/**
 * Wraps a connection, of the promise or of the callback API: gives one of the same type whose channels are traced. The
 * original stays as it is; wrapping what this gave replaces the options. Never throws.
 *
 * A connection that reconnects hands a bare one to its `setup` and to listeners of `connect`: wrap that there, too.
 */
export function traceConnection<Connection extends ConnectionLike>(
  connection: Connection,
  options?: AmqpOptions,
): Connection {
  const tracing = resolveTracing(options, SCOPE)
  const original = originalOf<ConnectionLike>(connection)
  const chained = (result: unknown): unknown => (result === original ? facade : result)
  const creator =
    (method: 'createChannel' | 'createConfirmChannel'): Method =>
    (...args) =>
      chained(created(tracing, original, method, args))
  const facade: ConnectionLike = traced(original, {
    createChannel: creator('createChannel'),
    createConfirmChannel: creator('createConfirmChannel'),
    close: (...args: unknown[]) => chained(closed(tracing, original, args)),
  })
  return facade as Connection
}

/**
 * Wraps a channel, plain or with confirms, of the promise or of the callback API: gives one of the same type on which
 * publishing, consuming and settling are traced. Settle messages on what this gave. The original stays as it is;
 * wrapping what this gave replaces the options. Never throws.
 */
export function traceChannel<Channel extends ChannelLike>(channel: Channel, options?: AmqpOptions): Channel {
  const tracing = resolveTracing(options, SCOPE)
  const original = originalOf<ChannelLike>(channel)
  const chained = (result: unknown): unknown => (result === original ? facade : result)
  warnOfInstrumentation(tracing, original, 'publish', LIBRARY)
  const members: Partial<ChannelLike> = {
    ...publishers(tracing, original),
    ...receivers(tracing, original, chained),
    ...settlers(tracing, original, chained),
    assertQueue: (...args: unknown[]) => {
      const [queue, declared] = args as [queue?: unknown, declared?: { readonly exclusive?: unknown } | null]
      if (declared?.exclusive) rememberExclusive(original, queue)
      return chained(invoke(original, 'assertQueue', args))
    },
  }
  const facade: ChannelLike = traced(original, members, tracing)
  return facade as Channel
}

/** The callback API gives a channel at once, and the same one to the callback when it is open. */
function created(
  tracing: AdapterTracing,
  connection: ConnectionLike,
  method: 'createChannel' | 'createConfirmChannel',
  args: unknown[],
): unknown {
  const wrapped = new Map<unknown, unknown>()
  const wrap = (channel: unknown): unknown => {
    if (!isChannel(channel)) return channel
    if (!wrapped.has(channel)) wrapped.set(channel, traceChannel(channel, { tracing }))
    return wrapped.get(channel)
  }
  const last = args.length - 1
  const callback = args[last]
  if (typeof callback === 'function') {
    args[last] = function (this: unknown, error: unknown, ...rest: unknown[]): unknown {
      return Reflect.apply(callback, this, [error, ...rest.map(wrap)])
    }
  }
  const result = invoke(connection, method, args)
  return types.isPromise(result) ? result.then(wrap) : wrap(result)
}

/** A connection takes its channels with it. */
function closed(tracing: AdapterTracing, connection: ConnectionLike, args: unknown[]): unknown {
  // One that reconnects by itself tells by its end.
  const result = invokeAndTell(connection, 'close', args, 0, () => tracing.guard(abandonClosed))
  // From now on the client refuses every settlement.
  tracing.guard(() => abandonChannelsOf(connection))
  return result
}

function isChannel(value: unknown): value is ChannelLike {
  return typeof value === 'object' && value !== null && typeof (value as { ack?: unknown }).ack === 'function'
}

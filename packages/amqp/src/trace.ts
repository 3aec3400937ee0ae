import { types } from 'node:util'
import { fromHere, isFor, originalOf, resolveTracing, traced, warnOfInstrumentation } from '@tracebaton/core/adapter'
import type { AdapterTracing, TracingInput } from '@tracebaton/core/adapter'
import {
  connectionOf,
  FOLLOWERS,
  invoke,
  invokeHere,
  isClosed,
  TAKES,
  type ChannelLike,
  type ConnectionLike,
  type Method,
} from './client.ts'
import { deliveries, receivers } from './consumer.ts'
import { rememberExclusive } from './describe.ts'
import { publishers } from './producer.ts'
import { settlers } from './settle.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceConnection} and {@link traceChannel}. */
export type AmqpOptions = TracingInput

/** Other methods that the callback API answers by a callback. */
const ANSWERED = (
  'checkQueue deleteQueue purgeQueue bindQueue unbindQueue assertExchange checkExchange deleteExchange bindExchange ' +
  'unbindExchange cancel prefetch waitForConfirms updateSecret'
).split(' ')

/** Those of them that an object has, with callbacks that run in the context of the call. */
function answered(
  tracing: AdapterTracing,
  original: object,
  chained: (result: unknown) => unknown,
): Readonly<Record<string, Method>> {
  const methods = ANSWERED.filter((method) => typeof Reflect.get(original, method) === 'function').map(
    (method): [string, Method] => [method, (...args) => chained(invokeHere(tracing, original, method, args))],
  )
  return Object.fromEntries(methods)
}

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
  if (!isFor(tracing, connection, 'traceConnection', TAKES)) return connection
  const original = originalOf<ConnectionLike>(connection)
  const chained = (result: unknown): unknown => (result === original ? facade : result)
  const facade: ConnectionLike = traced(original, {
    ...answered(tracing, original, chained),
    createChannel: (...args: unknown[]) => chained(created(tracing, original, 'createChannel', args)),
    createConfirmChannel: (...args: unknown[]) => chained(created(tracing, original, 'createConfirmChannel', args)),
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
  if (!isFor(tracing, channel, 'traceChannel', TAKES)) return channel
  const original = originalOf<ChannelLike>(channel)
  const chained = (result: unknown): unknown => (result === original ? facade : result)
  warnOfInstrumentation(tracing, original, 'publish', FOLLOWERS)
  const members: Partial<ChannelLike> = {
    ...answered(tracing, original, chained),
    ...publishers(tracing, original),
    ...receivers(tracing, original, chained),
    ...settlers(tracing, original, chained),
    assertQueue: (...args: unknown[]) => {
      const [queue, declared] = args as [queue?: unknown, declared?: { readonly exclusive?: unknown } | null]
      if (declared?.exclusive) rememberExclusive(original, queue)
      return chained(invokeHere(tracing, original, 'assertQueue', args))
    },
  }
  const facade: ChannelLike = traced(original, members, tracing)
  return facade as Channel
}

/** The callback API gives a channel at once, and the same one to the callback when it is open. */
function created(tracing: AdapterTracing, connection: ConnectionLike, method: string, args: unknown[]): unknown {
  let facade: ChannelLike | undefined
  const wrap = (channel: unknown): unknown =>
    TAKES['traceChannel']?.fits(channel) ? (facade ??= traceChannel(channel as ChannelLike, { tracing })) : channel
  const last = args.length - 1
  const callback = args[last]
  if (typeof callback === 'function') {
    args[last] = fromHere(tracing, function (this: unknown, error, ...rest) {
      return Reflect.apply(callback, this, [error, ...rest.map(wrap)])
    })
  }
  const result = invoke(connection, method, args)
  return types.isPromise(result) ? result.then(wrap) : wrap(result)
}

/** A connection takes its channels with it: from now on the client refuses every settlement. */
function closed(tracing: AdapterTracing, connection: ConnectionLike, args: unknown[]): unknown {
  const abandon = (isGone: (channel: ChannelLike) => boolean): void =>
    tracing.guard(() => deliveries.abandonWhere(isGone))
  // One that reconnects by itself tells by its end.
  const result = invokeHere(tracing, connection, 'close', args, () => abandon(isClosed))
  const own = connectionOf(connection)
  if (own !== undefined) abandon((channel) => connectionOf(channel) === own)
  return result
}

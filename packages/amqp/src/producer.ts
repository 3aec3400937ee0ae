import type { Context } from '@opentelemetry/api'
import { copyWith, createRegister, fromHere, sendOne } from '@tracebaton/core/adapter'
import type { AdapterTracing, Injection, Publication } from '@tracebaton/core/adapter'
import { hasConfirms, invoke, isManaged, type ChannelLike, type Method } from './client.ts'
import { toPublication } from './describe.ts'
import { isHeaders, withFields } from './headers.ts'
import { askedIn, isTracedAbove, markTracedAbove } from './put-off.ts'

/** Publishes that wait for the broker's confirmation, which may never come, and that the caller does not wait for. */
const unconfirmed = createRegister('tracebaton.amqp.unconfirmed.3')

/** Position of the options of each verb; the callback of a channel with confirms stands behind them. */
const OPTIONS = { publish: 3, sendToQueue: 2 } as const

type Verb = keyof typeof OPTIONS

/** Members of a channel that publish. */
export function publishers(
  tracing: AdapterTracing,
  channel: ChannelLike,
): Pick<ChannelLike, 'publish' | 'sendToQueue'> {
  const confirms = hasConfirms(channel)
  const publishNow =
    (verb: Verb) =>
    (args: unknown[]): unknown => {
      const position = OPTIONS[verb] + 1
      const call = (): unknown => invoke(channel, verb, args)
      const callback = args[position]
      if (!confirms || (callback && typeof callback !== 'function')) {
        const describe = (): Publication | undefined => describeSend(tracing, channel, verb, args)
        return sendOne(tracing, describe, (injection) => {
          inject(tracing, channel, verb, args, injection)
          return call()
        })
      }
      if (callback) args[position] = fromHere(tracing, callback as Method)
      const send = tracing.guard(() => {
        const publication = describeSend(tracing, channel, verb, args)
        return publication && tracing.openSend(publication)
      })
      if (send === undefined) return call()
      inject(tracing, channel, verb, args, send.injections[0])
      const confirmed = args[position] as Method | undefined
      // A caller that waits holds as much as we do. What nothing but us waits for is bounded.
      const place = confirmed ? undefined : unconfirmed.keep({ expire: () => send.end(undefined) })
      args[position] = (...answer: unknown[]): unknown => {
        if (place !== undefined) unconfirmed.release(place)
        send.end({ error: answer[0] })
        return confirmed?.(...answer)
      }
      try {
        return send.run(call)
      } catch (error) {
        if (place !== undefined) unconfirmed.release(place)
        throw error
      }
    }
  const publisher = (verb: Verb): Method => {
    const publish = publishNow(verb)
    const publishIn = (asked: Context, args: unknown[]): unknown => tracing.runIn(asked, () => publish(args))
    return (...args) => {
      const options = args[OPTIONS[verb]]
      if (isTracedAbove(options)) return invoke(channel, verb, args)
      const asked = askedIn(options)
      return asked === undefined ? publish(args) : publishIn(asked, args)
    }
  }
  return { publish: publisher('publish'), sendToQueue: publisher('sendToQueue') }
}

/** `undefined` where the client would refuse what is to be sent: its own error is better than any of ours. */
function describeSend(
  tracing: AdapterTracing,
  channel: ChannelLike,
  verb: Verb,
  args: readonly unknown[],
): Publication | undefined {
  // What is left out is empty to the client.
  const [exchange = '', routingKey = '', content] = verb === 'publish' ? args : ['', ...args]
  const options = optionsIn(args[OPTIONS[verb]])
  if (typeof exchange !== 'string' || typeof routingKey !== 'string') return undefined
  // A managed channel makes bytes of what only the client wants as bytes.
  if (!Buffer.isBuffer(content) && !isManaged(channel)) return undefined
  return isHeaders(options['headers'])
    ? toPublication(tracing, channel, exchange, routingKey, content, options)
    : undefined
}

/** The client reads options off anything, and takes what is falsy for none. */
function optionsIn(options: unknown): Readonly<Record<string, unknown>> {
  return options ? Object(options) : {}
}

/** Puts our headers into the options among the arguments, on copies; where there is nothing to write, all stays. */
export function inject(
  tracing: AdapterTracing,
  channel: ChannelLike,
  verb: Verb,
  args: unknown[],
  injection: Injection | undefined,
): void {
  const { fields } = injection ?? {}
  if (fields === undefined) return
  tracing.guard(() => {
    const options = optionsIn(args[OPTIONS[verb]])
    const written = copyWith(options, { headers: withFields(options['headers'], fields, tracing.isField) })
    if (isManaged(channel)) markTracedAbove(written)
    args[OPTIONS[verb]] = written
  })
}

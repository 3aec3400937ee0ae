import { copyWith, createRegister, type Injection, type AdapterTracing } from '@tracebaton/core/adapter'
import { answerTo, hasConfirms, invoke, type ChannelLike, type Method } from './client.ts'
import { toPublication, type Sending } from './describe.ts'
import { isHeaders, withFields } from './headers.ts'

/** Publishes that wait for the broker's confirmation, which may never come. */
const unconfirmed = createRegister('tracebaton.amqp.unconfirmed.1')

/** Where the two ways to publish have their arguments. */
interface Verb {
  readonly name: 'publish' | 'sendToQueue'
  /** Position of the options; the callback of a channel with confirms stands behind them. */
  readonly options: number
  readonly read: (args: readonly unknown[]) => readonly [exchange: unknown, routingKey: unknown, content: unknown]
}

const PUBLISH: Verb = { name: 'publish', options: 3, read: ([exchange, key, content]) => [exchange, key, content] }
const SEND_TO_QUEUE: Verb = { name: 'sendToQueue', options: 2, read: ([queue, content]) => ['', queue, content] }

/** Members of a channel that publish. */
export function publishers(
  tracing: AdapterTracing,
  channel: ChannelLike,
): Pick<ChannelLike, 'publish' | 'sendToQueue'> {
  const confirms = hasConfirms(channel)
  const publisher =
    (verb: Verb) =>
    (...args: unknown[]): boolean => {
      const call = (changed: unknown[]): boolean => invoke(channel, verb.name, changed) as boolean
      const sending = tracing.guard(() => sendable(verb, args))
      const publication = sending && tracing.guard(() => toPublication(tracing, channel, sending))
      if (publication === undefined) return call(args)
      const injected = (injections: readonly (Injection | undefined)[]): unknown[] =>
        tracing.guard(() => inject(tracing, verb, args, injections[0])) ?? args
      const callback = args[verb.options + 1]
      if (!confirms || (callback && typeof callback !== 'function')) {
        return tracing.send(publication, (injections) => call(injected(injections)))
      }
      let written!: boolean
      const sent = tracing.send(publication, (injections) => {
        // Nobody records anything.
        if (injections.length === 0) {
          written = call(args)
          return undefined
        }
        const confirmation = createConfirmation(callback as Method | undefined)
        const changed = [...injected(injections)]
        changed.length = Math.max(changed.length, verb.options + 1)
        changed[verb.options + 1] = confirmation.callback
        try {
          written = call(changed)
        } catch (error) {
          confirmation.release()
          throw error
        }
        return confirmation.promise
      })
      // Whoever waits for the broker's word has the callback, or `waitForConfirms`.
      sent?.catch(() => {})
      return written
    }
  return { publish: publisher(PUBLISH), sendToQueue: publisher(SEND_TO_QUEUE) }
}

/** The broker's word on one message: as a promise for the span, and on to the caller. */
function createConfirmation(callback: Method | undefined) {
  let settle!: (error: unknown) => void
  const promise = new Promise<void>((resolve, reject) => {
    settle = answerTo(resolve, reject)
  })
  const place = unconfirmed.keep({ expire: () => settle(null) })
  return {
    promise,
    /** Nobody will say anything. */
    release: () => unconfirmed.release(place),
    callback: (...answer: unknown[]): unknown => {
      unconfirmed.release(place)
      settle(answer[0])
      return callback?.(...answer)
    },
  }
}

/** What is to be sent; `undefined` where the client would refuse it: its own error is better than any of ours. */
function sendable(verb: Verb, args: readonly unknown[]): Sending | undefined {
  const [exchange, routingKey, content] = verb.read(args)
  const options = optionsIn(args[verb.options])
  if (typeof exchange !== 'string' || typeof routingKey !== 'string' || !Buffer.isBuffer(content)) return undefined
  return isHeaders(options['headers']) ? { exchange, routingKey, content, options } : undefined
}

/** The client reads options off anything, and takes what is falsy for none. */
function optionsIn(options: unknown): Readonly<Record<string, unknown>> {
  return options ? Object(options) : {}
}

/** The arguments with our headers in the options; the caller's own where there is nothing to write. */
function inject(
  tracing: AdapterTracing,
  verb: Verb,
  args: readonly unknown[],
  injection: Injection | undefined,
): unknown[] | undefined {
  if (injection?.fields === undefined) return undefined
  const options = optionsIn(args[verb.options])
  const changed = [...args]
  const headers = withFields(options['headers'], injection.fields, tracing.isField)
  changed[verb.options] = copyWith(options, { headers })
  return changed
}

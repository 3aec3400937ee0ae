import { copyWith, createRegister, sendOne } from '@tracebaton/core/adapter'
import type { AdapterTracing, Injection, Publication } from '@tracebaton/core/adapter'
import { hasConfirms, invoke, type ChannelLike, type Method } from './client.ts'
import { toPublication } from './describe.ts'
import { isHeaders, withFields } from './headers.ts'

/** Publishes that wait for the broker's confirmation, which may never come. */
const unconfirmed = createRegister('tracebaton.amqp.unconfirmed.2')

/** Position of the options of each verb; the callback of a channel with confirms stands behind them. */
const OPTIONS = { publish: 3, sendToQueue: 2 } as const

type Verb = keyof typeof OPTIONS

/** Members of a channel that publish. */
export function publishers(
  tracing: AdapterTracing,
  channel: ChannelLike,
): Pick<ChannelLike, 'publish' | 'sendToQueue'> {
  const confirms = hasConfirms(channel)
  const publisher =
    (verb: Verb) =>
    (...args: unknown[]): boolean => {
      const position = OPTIONS[verb] + 1
      const call = (changed: unknown[]): boolean => invoke(channel, verb, changed) as boolean
      const describe = (): Publication | undefined => describeSend(tracing, channel, verb, args)
      const callback = args[position]
      if (!confirms || (callback && typeof callback !== 'function')) {
        return sendOne(tracing, describe, (injection) => call(inject(tracing, verb, args, injection)))
      }
      const publication = tracing.guard(describe)
      if (publication === undefined) return call(args)
      let written!: boolean
      const sent = tracing.send(publication, (injections) => {
        // Without an SDK nothing waits for the confirmation.
        if (injections.length === 0) {
          written = call(args)
          return undefined
        }
        const confirmation = createConfirmation(callback as Method | undefined)
        const changed = [...inject(tracing, verb, args, injections[0])]
        changed.length = Math.max(changed.length, position)
        changed[position] = confirmation.callback
        try {
          written = call(changed)
        } catch (error) {
          confirmation.release()
          throw error
        }
        return confirmation.promise
      })
      // The caller learns of a refusal from the callback, or from `waitForConfirms`.
      sent?.catch(() => {})
      return written
    }
  return { publish: publisher('publish'), sendToQueue: publisher('sendToQueue') }
}

/** The broker's word on one message: as a promise for the span, and on to the caller. */
function createConfirmation(callback: Method | undefined) {
  let settle!: (error: unknown) => void
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve())
  })
  const place = unconfirmed.keep({ expire: () => settle(null) })
  return {
    promise,
    /** The broker will not answer. */
    release: () => unconfirmed.release(place),
    callback: (...answer: unknown[]): unknown => {
      unconfirmed.release(place)
      settle(answer[0])
      return callback?.(...answer)
    },
  }
}

/** `undefined` where the client would refuse what is to be sent: its own error is better than any of ours. */
function describeSend(
  tracing: AdapterTracing,
  channel: ChannelLike,
  verb: Verb,
  args: readonly unknown[],
): Publication | undefined {
  const [exchange, routingKey, content] = verb === 'publish' ? args : ['', ...args]
  const options = optionsIn(args[OPTIONS[verb]])
  if (typeof exchange !== 'string' || typeof routingKey !== 'string' || !Buffer.isBuffer(content)) return undefined
  return isHeaders(options['headers'])
    ? toPublication(tracing, channel, exchange, routingKey, content, options)
    : undefined
}

/** The client reads options off anything, and takes what is falsy for none. */
function optionsIn(options: unknown): Readonly<Record<string, unknown>> {
  return options ? Object(options) : {}
}

/** The arguments with our headers in the options; the caller's own where there is nothing to write. */
export function inject(
  tracing: AdapterTracing,
  verb: Verb,
  args: unknown[],
  injection: Injection | undefined,
): unknown[] {
  const { fields } = injection ?? {}
  if (fields === undefined) return args
  const injected = tracing.guard(() => {
    const options = optionsIn(args[OPTIONS[verb]])
    const changed = [...args]
    changed[OPTIONS[verb]] = copyWith(options, { headers: withFields(options['headers'], fields, tracing.isField) })
    return changed
  })
  return injected ?? args
}

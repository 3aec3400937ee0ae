import { context as contexts, type Context } from '@opentelemetry/api'
import { isObject, processWide } from '@tracebaton/core/adapter'

/** In which context publishes were asked for that have been put off, by the options that they will have. */
const putOff = processWide('tracebaton.amqp.put-off.1', () => ({
  contexts: new WeakMap<object, Context>(),
  /** Whether there has ever been one: nobody else pays for looking. */
  any: false,
  /** Whether a publish was ever traced above the client's own channel. */
  above: false,
}))

/**
 * On the options of a publish that is traced where a library took it: the client's own channel, which gets it later, may be
 * traced as well. A copy that the library makes of them has the mark, too.
 */
const ABOVE: unique symbol = Symbol.for('tracebaton.amqp.above.1')

/**
 * For libraries that keep a publish until they are connected: call it where the publish is asked for, with the options
 * object that the channel will get. Whenever the publish with these options goes out, its span and its confirmation are
 * then in the context that is active now. The object is not changed. Never throws.
 *
 * @param options what is no object cannot be told from others, and is left out
 */
export function putOffPublish(options: unknown): void {
  try {
    if (!isObject(options)) return
    putOff.contexts.set(options, contexts.active())
    putOff.any = true
  } catch {
    // A context manager may fail: the publish then goes out in the context that is active at its time.
  }
}

/** The context in which the publish with these options was asked for, if it was put off. */
export function askedIn(options: unknown): Context | undefined {
  return putOff.any && isObject(options) ? putOff.contexts.get(options) : undefined
}

/** Marks options of ours, for a channel that a library manages. */
export function markTracedAbove(options: object): void {
  Object.assign(options, { [ABOVE]: true })
  putOff.above = true
}

/** Whether a publish with these options has its span already. */
export function isTracedAbove(options: unknown): boolean {
  if (!putOff.above || !isObject(options)) return false
  try {
    return (options as { readonly [ABOVE]?: unknown })[ABOVE] === true
  } catch {
    return false
  }
}

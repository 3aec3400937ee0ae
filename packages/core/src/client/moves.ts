import { codedError } from '../base/errors.ts'
import { boundedName } from '../base/bounds.ts'
import type { Injection } from '../operations/injection.ts'
import type { AdapterTracing } from '../tracing.ts'
import type { RetryOptions } from '../types.ts'
import type { RetryResult } from '../base/policy.ts'
import type { Delivery, Move, Publication } from '../verdict/delivery.ts'

/**
 * Runs a call that sends one message.
 *
 * @param describe what throws here is reported, and the message goes out as it is
 * @param call gets what to write onto the message, or `undefined` to leave it as it is
 */
export function sendOne<Result>(
  tracing: Pick<AdapterTracing, 'guard' | 'send'>,
  describe: () => Publication | undefined,
  call: (injection: Injection | undefined) => Result,
): Result {
  const publication = tracing.guard(describe)
  return publication === undefined ? call(undefined) : tracing.send(publication, ([injection]) => call(injection))
}

/** A move that was asked for, as the caller said. Without `to` it goes to `from`; a dead letter goes nowhere. */
export interface MoveRequest extends RetryOptions {
  readonly kind: Move['kind']
  /** How the publisher, else the client that received, is traced. */
  readonly tracing: Pick<AdapterTracing, 'guard' | 'isExhausted' | 'send' | 'warn'>
  /** `undefined`: the message could not be described. */
  readonly delivery: Delivery | undefined
  /** Where the message came from, for a retry, or was before it became a dead letter, for a redrive. */
  readonly from: string | undefined
}

const EXHAUSTED = Symbol('exhausted')

/** What a move that {@link moveMessage} made for a retry did. Rejects as it does. */
export async function retryResult(moved: Promise<unknown>): Promise<RetryResult> {
  return (await moved) === EXHAUSTED ? 'exhausted' : 'retried'
}

const UNKNOWN: Readonly<Record<Move['kind'], string>> = {
  retry: 'It is unknown where this message came from: retryLater(…, { to })',
  dead_letter: 'deadLetter does not know where to send this message: deadLetter(…, { to })',
  redrive: 'This message does not say where it was before it became a dead letter: redrive(…, { to })',
}

/**
 * Sends a received message again, unless it has had the attempts allowed: see {@link retryResult}. Rejects with the code
 * `ERR_TRACEBATON_DESTINATION` where neither the caller nor the message says where to; else as `call` does.
 *
 * @param describe describes the copy as a publication. What throws here is reported, and the copy goes out as it is
 * @param call sends it
 */
export function moveMessage<Sent>(
  { kind, tracing, delivery, to, from, error, delay, maxAttempts }: MoveRequest,
  describe: (to: string) => Publication,
  call: (to: string, injection: Injection | undefined) => Promise<Sent>,
): Promise<Sent> {
  const place = to ?? (kind === 'dead_letter' ? undefined : from)
  if (place === undefined || place === '')
    return Promise.reject(codedError('ERR_TRACEBATON_DESTINATION', UNKNOWN[kind]))
  if (Number.isNaN(delay)) tracing.warn('retryLater was given NaN as its delay: that is no time to wait')
  const move = delivery && { kind, delivery, error, maxAttempts }
  if (maxAttempts !== undefined) {
    const copy = move && tracing.guard(() => describe(place))
    // What cannot be described cannot be counted, and a retry without a bound harms more than one too few.
    if (move === undefined || copy === undefined || tracing.isExhausted(move, maxAttempts, copy))
      return Promise.resolve(EXHAUSTED as Sent)
  }
  return sendOne(
    tracing,
    () => Object.assign(describe(place), { move }),
    (injection) => call(place, injection),
  )
}

/**
 * What the copy of a received message takes along: the headers, or options, that its client can write again. A client
 * reads more than it writes, and with one of the others every try to move the message would fail. They are reported.
 */
export function writableOnly<Value>(
  tracing: Pick<AdapterTracing, 'guard'>,
  entries: readonly (readonly [name: string, value: Value])[],
  isWritable: (name: string, value: Value) => boolean,
): Readonly<Record<string, Value>> {
  const kept: (readonly [string, Value])[] = []
  const left: string[] = []
  for (const entry of entries) {
    const [name, value] = entry
    if (tracing.guard(() => isWritable(name, value)) ?? true) kept.push(entry)
    else left.push(name)
  }
  if (left.length > 0) {
    tracing.guard(() => {
      throw new Error(`The copy of a message goes without what its client cannot write: ${boundedName(left.join())}`)
    })
  }
  return Object.fromEntries(kept)
}

import { ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import { recallAttempt } from '../memory/attempts.ts'
import type { Runtime } from '../runtime.ts'
import type { PastAttempt } from '../verdict/attempt-count.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { judge } from '../verdict/judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { recordGetter } from '../wire/carrier.ts'

/** A verdict, and what is needed once only: thousands of verdicts may be kept. */
interface Read {
  readonly verdict: Verdict
  /** What the message carries, as far as it is believed: the context its handler starts from. */
  readonly carried: Context
}

/** Reads a message and judges it. Contains its own failures: in doubt, nothing is believed. */
export function readDelivery(runtime: Runtime, delivery: Delivery): Verdict {
  return readAfter(runtime, delivery, recallAttempt(delivery.identity)).verdict
}

/** The same for a message that is about to be handled by itself. */
export function readForHandling(runtime: Runtime, delivery: Delivery): Read {
  return readAfter(runtime, withoutHandle(delivery), recallAttempt(delivery.identity))
}

/**
 * The same for a message whose attempt was made already, in this process or in another. What this process remembers of
 * the message may be that attempt or an earlier one, so it counts nothing.
 */
export function readLater(runtime: Runtime, delivery: Delivery): Verdict {
  return readAfter(runtime, delivery, undefined).verdict
}

/** What the message carries, as far as it is believed, and no more. */
export function readCarried(runtime: Runtime, delivery: Delivery): Context {
  if (runtime.trustFor(delivery) !== 'full') return ROOT_CONTEXT
  return runtime.propagation.extract(delivery.carrier, delivery.getter ?? recordGetter, delivery.slot).context
}

/** The delivery as options and hooks see it: with `deadLetter` on every dead letter, and on nothing else. */
export function toldDelivery({ delivery, deadLetter }: Verdict): Delivery {
  return delivery.deadLetter === deadLetter ? delivery : Object.assign({}, delivery, { deadLetter })
}

function readAfter(runtime: Runtime, delivery: Delivery, past: PastAttempt | undefined): Read {
  const extracted = runtime.propagation.extract(delivery.carrier, delivery.getter ?? recordGetter, delivery.slot)
  const trust = runtime.trustFor(delivery)
  const pastElsewhere = recallAttempt(delivery.identityBefore)
  const verdict = judge({ delivery, extracted, trust, past, pastElsewhere })
  return { verdict, carried: trust === 'full' ? extracted.context : ROOT_CONTEXT }
}

/**
 * What a `WeakMap` holds must not lead to its own key, or it lives until the next full garbage collection, with all that
 * hangs on it: handlings are found by the handle, so what they know of the delivery is without.
 */
function withoutHandle(delivery: Delivery): Delivery {
  return delivery.handle === undefined ? delivery : Object.assign({}, delivery, { handle: undefined })
}

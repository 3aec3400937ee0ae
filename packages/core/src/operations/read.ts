import { context as contexts, propagation, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import { runIn } from '../base/call.ts'
import { identityMemory, mayBeAgain } from '../memory/attempts.ts'
import {
  countAgain,
  handledAttempt,
  isHandled,
  judge,
  verdictOn,
  type HandledAttempt,
  type Verdict,
} from '../verdict/verdict.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery, PastAttempt } from '../verdict/delivery.ts'
import { recordGetter } from '../wire/carrier.ts'
import type { Extracted } from '../wire/format.ts'

/** Reads a message and judges it, before it is handled. Contains its own failures: in doubt, nothing is believed. */
export function readDelivery(runtime: Runtime, delivery: Delivery): Verdict {
  const memory = delivery.memory ?? identityMemory
  return (delivery.verdict = judge(extract(runtime, delivery), delivery, runtime.trustFor(delivery), memory))
}

/**
 * The same for a message whose attempt was made already, in this process or in another. What this process remembers of the
 * message may be that attempt or an earlier one, so it counts nothing.
 */
export function readLater(runtime: Runtime, delivery: Delivery): Verdict {
  return judge(extract(runtime, delivery), delivery, runtime.trustFor(delivery), undefined)
}

/**
 * What there is to know of the attempt on a delivery; `undefined`: it is not being handled. Without an SDK nobody watches
 * handlers, so that it is told of every delivery.
 */
export function attemptOf(runtime: Runtime, delivery: Delivery): HandledAttempt | undefined {
  const verdict = verdictOn(delivery)
  if (verdict !== undefined && isHandled(verdict)) return handledAttempt(verdict)
  return runtime.isIdle() ? handledAttempt(readLater(runtime, delivery)) : undefined
}

/** The verdict for the next attempt on a delivery, read once where it came in a batch. */
export function readForHandling(runtime: Runtime, delivery: Delivery): Verdict {
  const verdict = verdictOn(delivery)
  if (verdict === undefined) return readDelivery(runtime, delivery)
  if (verdict.work?.verdict !== undefined) return (delivery.verdict = handledAgain(verdict))
  const past = pastSince(verdict)
  if (past !== undefined) verdict.attempt = countAgain(verdict, past)
  return verdict
}

/**
 * The attempt that has begun on another delivery of a message since this one was read. A message that was handed out once
 * has none.
 */
function pastSince({ delivery, copy }: Verdict): PastAttempt | undefined {
  return mayBeAgain(delivery) ? (delivery.memory ?? identityMemory).latest(delivery, copy) : undefined
}

/**
 * Whether an attempt on an earlier delivery of its message has begun since that on a later one did: an earlier delivery does
 * not look for attempts.
 */
export function isOvertaken({ delivery, copy }: Verdict, own: PastAttempt): boolean {
  if ((delivery.count?.deliveries ?? 1) === 1) return false
  const latest = (delivery.memory ?? identityMemory).latest(delivery, copy)
  return latest !== undefined && latest !== own
}

/** The application handles an arrival again, without asking the broker: its attempts count on. */
function handledAgain(before: Verdict): Verdict {
  const { attempt, maxAttempts } = before.attempt
  return Object.assign({}, before, {
    work: undefined,
    attempt: Object.assign({}, before.attempt, {
      attempt: attempt + 1,
      maxAttempts: maxAttempts === undefined || maxAttempts <= attempt ? undefined : maxAttempts,
      source: 'memory',
      kind: 'redelivery',
      firstDelivery: false,
      previous: before.work?.spanContext,
      previousFailure: before.work?.failed,
      overtakes: before.work?.ended === false ? before.work : undefined,
    }),
  })
}

/** The delivery as options and hooks see it: with `deadLetter` on every dead letter, and on nothing else. */
export function toldDelivery({ delivery, copy: { deadLetter } }: Verdict): Delivery {
  return delivery.deadLetter === deadLetter ? delivery : Object.assign({}, delivery, { deadLetter })
}

/** What the message carries, as far as it is believed: the context its handler starts from. */
export function carriedBy({ trust, extracted }: Verdict): Context {
  return trust === 'full' ? extracted.context : ROOT_CONTEXT
}

/** Without an SDK there is nothing to record: what the message carries stays active, and that is all. */
export function passOn<Result>(runtime: Runtime, delivery: Delivery, handler: () => Result): Result {
  const { report } = runtime
  const read = (): Context =>
    runtime.trustFor(delivery) === 'full' ? extract(runtime, delivery).context : ROOT_CONTEXT
  const carried = report.guard('span', read) ?? ROOT_CONTEXT
  const context =
    delivery.ambient === true ? report.guard('span', () => withBaggageOf(contexts.active(), carried)) : carried
  return context === undefined ? handler() : runIn(context, handler, report)
}

/** The message's baggage reaches its handler in every mode. */
export function withBaggageOf(context: Context, carried: Context): Context {
  const baggage = propagation.getBaggage(carried)
  return baggage === undefined ? context : propagation.setBaggage(context, baggage)
}

/** What a message says, read once. */
export function extractedFrom(runtime: Runtime, delivery: Delivery): Extracted {
  return verdictOn(delivery)?.extracted ?? extract(runtime, delivery)
}

function extract({ propagation: reader }: Runtime, { carrier, getter, slot }: Delivery): Extracted {
  return reader.extract(carrier, getter ?? recordGetter, slot)
}

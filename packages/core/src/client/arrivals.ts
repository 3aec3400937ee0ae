import { context as contexts } from '@opentelemetry/api'
import { createStamp } from '../base/stamp.ts'
import { getWork, handledAttempt, isHandled, verdictIn, type HandledAttempt, type Verdict } from '../verdict/verdict.ts'
import type { Arrival } from '../instances.ts'
import type { Delivery } from '../verdict/delivery.ts'

/** How the messages that a client handed out have arrived, for as long as the application holds them. */
export interface Arrivals<Own extends Arrival = Arrival> {
  /** Marks a message with its arrival. The mark cannot be seen, copied or cloned. */
  note(message: object, arrival: Own): void
  /**
   * The arrival of a message. A clone has no mark: it is compared with the deliveries that are being handled in the active
   * context. `undefined`: no traced client handed it out.
   *
   * @param isSame whether a delivery is the one that the message came by. Default: no clone is looked for, nor the context
   */
  of(message: unknown, isSame?: (delivery: Delivery) => boolean): Own | undefined
  /**
   * What a handler may want to know of the attempt that it is in; `undefined`: the message is not being handled. Never
   * throws.
   *
   * @param isSame whether a delivery is the one that the message, or the one it is a clone of, came by
   */
  attemptOf(message: unknown, isSame: (delivery: Delivery) => boolean): HandledAttempt | undefined
}

/** @param name with a version of the arrival's shape, see `processWide` */
export function createArrivals<Own extends Arrival = Arrival>(name: string): Arrivals<Own> {
  const marks = createStamp<Own>(name)
  return {
    note(message, arrival) {
      marks.set(message, arrival)
      arrival.delivery.arrival = arrival
    },
    of(message, isSame) {
      return marks.get(message) ?? ((isSame && verdictAtHand(isSame)?.delivery.arrival) as Own | undefined)
    },
    attemptOf(message, isSame) {
      const own = marks.get(message)
      // A tracing of another version may not know the question.
      const told = own?.tracing.attemptOf?.(own.delivery)
      if (told !== undefined) return told
      const verdict = verdictAtHand(isSame)
      return verdict !== undefined && isHandled(verdict) ? handledAttempt(verdict) : undefined
    },
  }
}

function verdictAtHand(isSame: (delivery: Delivery) => boolean): Verdict | undefined {
  try {
    return verdictIn(getWork(contexts.active()), ({ delivery }) => isSame(delivery))
  } catch {
    // A message that is none is the client's to complain about.
    return undefined
  }
}

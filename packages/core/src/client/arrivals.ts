import { context as contexts } from '@opentelemetry/api'
import { createStamp } from '../base/stamp.ts'
import { getWork, verdictIn } from '../verdict/verdict.ts'
import type { Arrival } from '../tracing.ts'
import type { Delivery } from '../verdict/delivery.ts'

/** How the messages that a client handed out have arrived, for as long as the application holds them. */
export interface Arrivals<Own extends Pick<Arrival, 'delivery'> = Arrival> {
  /** Marks a message with its arrival. The mark cannot be seen, copied or cloned. */
  note(message: object, arrival: Own): void
  /**
   * The arrival of a message. A clone has no mark: it is compared with the deliveries that are being handled in the active
   * context. `undefined`: no traced client handed it out.
   *
   * @param isSame whether a delivery is the one that the message came by. Default: no clone is looked for, nor the context
   */
  of(message: unknown, isSame?: (delivery: Delivery) => boolean): Own | undefined
}

/** @param name with a version of the arrival's shape, see `processWide` */
export function createArrivals<Own extends Pick<Arrival, 'delivery'> = Arrival>(name: string): Arrivals<Own> {
  const marks = createStamp<Own>(name)
  return {
    note(message, arrival) {
      marks.set(message, arrival)
      arrival.delivery.arrival = arrival
    },
    of(message, isSame) {
      return marks.get(message) ?? ((isSame && deliveryAtHand(isSame)?.arrival) as Own | undefined)
    },
  }
}

function deliveryAtHand(isSame: (delivery: Delivery) => boolean): Delivery | undefined {
  try {
    return verdictIn(getWork(contexts.active()), ({ delivery }) => isSame(delivery))?.delivery
  } catch {
    // A message that is none is the client's to complain about.
    return undefined
  }
}

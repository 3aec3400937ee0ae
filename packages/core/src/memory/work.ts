import type { Context } from '@opentelemetry/api'
import { workIn } from '../base/light-context.ts'
import type { Delivery } from '../verdict/delivery.ts'
import type { Verdict, Work } from '../verdict/verdict.ts'

/** The work that a context belongs to: the attempt on one message, or a batch. */
export function getWork(context: Context): Work | undefined {
  return workIn(context) as Work | undefined
}

/** What core made of a delivery, if it has looked at it. */
export function verdictOn({ verdict }: Delivery): Verdict | undefined {
  return verdict as Verdict | undefined
}

/**
 * Whether two descriptions are of one arrival: the delivery key. Two descriptions without a key are of one arrival if they
 * are one object.
 */
export function sameDelivery(one: Delivery, other: Delivery): boolean {
  if (one === other) return true
  return one.key !== undefined && one.key === other.key && one.source === other.source && one.system === other.system
}

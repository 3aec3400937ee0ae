import { propagation, type Baggage, type Context } from '@opentelemetry/api'

/** What to do with baggage: follow the propagator, drop it, or pass on the named entries only. */
export type BaggagePolicy = boolean | readonly string[]

/** The context with the baggage that the policy lets through, in either direction. */
export function withAllowedBaggage(context: Context, policy: BaggagePolicy): Context {
  if (policy === true) return context
  const baggage = propagation.getBaggage(context)
  if (baggage === undefined) return context
  const kept = policy === false ? undefined : allowedBaggage(baggage, policy)
  return kept === undefined ? propagation.deleteBaggage(context) : propagation.setBaggage(context, kept)
}

/** Only the entries on the list. */
function allowedBaggage(baggage: Baggage, allowed: readonly string[]): Baggage | undefined {
  const kept = baggage.getAllEntries().filter(([key]) => allowed.includes(key))
  return kept.length === 0 ? undefined : propagation.createBaggage(Object.fromEntries(kept))
}

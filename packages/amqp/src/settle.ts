import type { Destination, Outcome, Settlement, AdapterTracing } from '@tracebaton/core/adapter'
import { noteOutcome } from './arrivals.ts'
import { invoke, type ChannelLike, type Method } from './client.ts'
import { SYSTEM } from './describe.ts'
import { abandonClosed, abandonUnsettled, findUnsettled, type Unsettled } from './unsettled.ts'

type Verb = 'ack' | 'nack' | 'reject' | 'ackAll' | 'nackAll' | 'recover'

/** What a call says of deliveries. */
interface Word {
  /** `undefined`: the client will refuse the call. */
  readonly tag: number | undefined
  readonly allUpTo: boolean
  readonly outcome: Outcome
}

/** What a call of each verb means. Without a word on it, a message goes back to its queue. */
const WORDS: Readonly<Record<Verb, (args: readonly unknown[]) => Word>> = {
  ack: ([message, allUpTo]) => ({ tag: tagOf(message), allUpTo: Boolean(allUpTo), outcome: 'acked' }),
  ackAll: () => ({ tag: 0, allUpTo: true, outcome: 'acked' }),
  nack: ([message, allUpTo, requeue]) => ({
    tag: tagOf(message),
    allUpTo: Boolean(allUpTo),
    outcome: back(requeue),
  }),
  nackAll: ([requeue]) => ({ tag: 0, allUpTo: true, outcome: back(requeue) }),
  reject: ([message, requeue]) => ({ tag: tagOf(message), allUpTo: false, outcome: back(requeue) }),
  recover: () => ({ tag: 0, allUpTo: true, outcome: 'requeued' }),
}

const VERBS = Object.keys(WORDS) as readonly Verb[]

/**
 * Members of a channel that settle.
 *
 * @param chained gives the look-alike in place of the channel
 */
export function settlers(
  tracing: AdapterTracing,
  channel: ChannelLike,
  chained: (result: unknown) => unknown,
): Pick<ChannelLike, Verb | 'close'> {
  const settler = (verb: Verb): Method => {
    return (...args) => {
      const call = (): unknown => chained(invoke(channel, verb, args))
      const settlement = tracing.guard(() => toSettlement(channel, verb, WORDS[verb](args)))
      try {
        const result = settlement === undefined ? call() : tracing.settle(settlement, call)
        if (settlement?.outcome !== undefined) noteOutcome(args[0], settlement.outcome)
        return result
      } catch (error) {
        tracing.guard(abandonClosed)
        throw error
      }
    }
  }
  const close: Method = (...args) => {
    const result = chained(invoke(channel, 'close', args))
    // From now on the client refuses every settlement.
    tracing.guard(() => abandonUnsettled(channel))
    return result
  }
  const members = Object.fromEntries(VERBS.map((verb) => [verb, settler(verb)])) as Record<Verb, Method>
  return { ...members, close }
}

function toSettlement(channel: ChannelLike, verb: Verb, { tag, allUpTo, outcome }: Word): Settlement | undefined {
  if (tag === undefined) return undefined
  const found = findUnsettled(channel, tag, allUpTo)
  return {
    system: SYSTEM,
    operation: verb,
    destination: commonDestination(found.map(([, unsettled]) => unsettled)),
    outcome,
    receipts: found.map(([own]) => String(own)),
    attempts: found.map(([, unsettled]) => unsettled?.attempt),
    batch: allUpTo,
    facts: allUpTo ? undefined : { deliveryTag: tag },
  }
}

/** The destination that all have in common, as far as we know them. */
function commonDestination(found: readonly (Unsettled | undefined)[]): Destination {
  const [first, ...others] = found.map((unsettled) => unsettled?.delivery.destination)
  return first !== undefined && others.every((other) => other?.name === first.name) ? first : {}
}

/** A message is known to the broker by its tag alone. */
function tagOf(message: unknown): number | undefined {
  const { fields } = (message ?? {}) as { readonly fields?: { readonly deliveryTag?: unknown } | null }
  return typeof fields?.deliveryTag === 'number' ? fields.deliveryTag : undefined
}

function back(requeue: unknown): Outcome {
  return requeue === undefined || Boolean(requeue) ? 'requeued' : 'rejected'
}

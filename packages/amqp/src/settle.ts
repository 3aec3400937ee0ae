import type { AdapterTracing, Outcome, Settlement, Unsettled } from '@tracebaton/core/adapter'
import {
  channelNow,
  invokeHere,
  isClosed,
  isManaged,
  type ChannelLike,
  type MessageLike,
  type Method,
} from './client.ts'
import { arrivalOf, deliveries, noteSettled, type Arrival } from './consumer.ts'
import { SYSTEM } from './describe.ts'
import { noteSweep } from './sweeps.ts'

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
  nack: ([message, allUpTo, requeue]) => ({ tag: tagOf(message), allUpTo: Boolean(allUpTo), outcome: back(requeue) }),
  nackAll: ([requeue]) => ({ tag: 0, allUpTo: true, outcome: back(requeue) }),
  reject: ([message, requeue]) => ({ tag: tagOf(message), allUpTo: false, outcome: back(requeue) }),
  recover: () => ({ tag: 0, allUpTo: true, outcome: 'requeued' }),
}

/** Members of a channel that settle. `chained` gives the look-alike in place of the channel. */
export function settlers(
  tracing: AdapterTracing,
  channel: ChannelLike,
  chained: (result: unknown) => unknown,
): Partial<Pick<ChannelLike, Verb | 'close'>> {
  const settler = (verb: Verb): Method => {
    return (...args) => {
      const call = (): unknown => chained(invokeHere(tracing, channel, verb, args))
      const word = tracing.guard(() => WORDS[verb](args))
      try {
        if (word?.tag === undefined) return call()
        return word.allUpTo ? settleMany(verb, word, args[0], call) : settleOne(verb, word, args[0], call)
      } catch (error) {
        tracing.guard(() => deliveries.abandonWhere(isClosed))
        throw error
      }
    }
  }
  /** A managed one hands the call on to its own channel of the moment; tags are those of the channel that delivered. */
  const channelOf = (message: unknown): ChannelLike =>
    isManaged(channel) ? (arrivalOf(message as MessageLike)?.channel ?? channelNow(channel)) : channel
  const settleOne = (verb: Verb, word: Word, message: unknown, call: () => unknown): unknown => {
    const { tag = 0, outcome } = word
    const found = deliveries.find(channelOf(message), tag)
    const result = tracing.settleOne(found?.attempt, outcome, () => describe(verb, word, [[tag, found]]), call)
    const arrival = arrivalOf(message as MessageLike)
    if (arrival !== undefined) noteSettled(arrival, outcome)
    return result
  }
  const settleMany = (verb: Verb, word: Word, message: unknown, call: () => unknown): unknown => {
    const { tag = 0, outcome } = word
    const own = channelOf(message)
    const found = tracing.guard(() => deliveries.findUpTo(own, tag)) ?? []
    const settlement = tracing.guard(() => describe(verb, word, found))
    const result = settlement === undefined ? call() : tracing.settle(settlement, call)
    tracing.guard(() => {
      for (const [, { attempt, delivery }] of found) {
        // The broker hands messages out again before it answers `recover`.
        attempt.settle(outcome)
        noteSettled(delivery.arrival as Arrival, outcome)
      }
      noteSweep(own, tag, outcome)
    })
    return result
  }
  const describe = (verb: Verb, { tag, allUpTo, outcome }: Word, found: Found): Settlement => {
    const place = found[0]?.[1]?.delivery.destination
    // Named where all have it in common.
    const common = found.every(([, one]) => one?.delivery.destination.name === place?.name)
    return {
      system: SYSTEM,
      operation: verb,
      destination: (common ? place : undefined) ?? {},
      outcome,
      keys: found.map(([own]) => own),
      source: channel,
      attempts: found.map(([, one]) => one?.attempt),
      batch: allUpTo,
      facts: allUpTo ? undefined : { deliveryTag: tag },
    }
  }
  const close: Method = (...args) => {
    const result = chained(invokeHere(tracing, channel, 'close', args))
    // From now on the client refuses every settlement.
    tracing.guard(() => deliveries.abandon(channel))
    return result
  }
  // A library that manages channels leaves some out.
  const verbs = (Object.keys(WORDS) as Verb[]).filter((verb) => typeof channel[verb] === 'function')
  return { ...Object.fromEntries(verbs.map((verb) => [verb, settler(verb)])), close }
}

type Found = readonly (readonly [tag: number, unsettled: Unsettled | undefined])[]

/** A message is known to the broker by its tag alone. */
function tagOf(message: unknown): number | undefined {
  const { fields } = (message ?? {}) as { readonly fields?: { readonly deliveryTag?: unknown } | null }
  return typeof fields?.deliveryTag === 'number' ? fields.deliveryTag : undefined
}

function back(requeue: unknown): Outcome {
  return requeue === undefined || Boolean(requeue) ? 'requeued' : 'rejected'
}

import { processWide, type Outcome } from '@tracebaton/core/adapter'
import type { ChannelLike } from './client.ts'

/**
 * A call that settled all deliveries up to a tag. It is remembered for messages that are handled later, which have no attempt
 * yet that could be told.
 */
interface Sweep {
  /** It was the so many-th call. */
  readonly number: number
  readonly upTo: number
  /** `undefined`: it came after one that is forgotten. */
  readonly outcome: Outcome | undefined
}

const sweeps = processWide('tracebaton.amqp.sweeps.1', () => ({ count: 0, of: new WeakMap<ChannelLike, Sweep[]>() }))

/** So many are remembered of a channel; of one after the other with the same outcome the last. */
const MOST_SWEEPS = 16

/** @param tag 0: all there are */
export function noteSweep(channel: ChannelLike, tag: number, outcome: Outcome): void {
  const known = sweeps.of.get(channel) ?? []
  if (known.at(-1)?.outcome === outcome) known.pop()
  known.push({ number: (sweeps.count += 1), upTo: tag === 0 ? Infinity : tag, outcome })
  if (known.length > MOST_SWEEPS) known.splice(0, 2, { ...known[1]!, outcome: undefined })
  sweeps.of.set(channel, known)
}

/** How many such calls there were so far, on all channels. */
export function sweepCount(): number {
  return sweeps.count
}

/** What the first such call after so many settled a delivery with; `undefined`: there was none, or it is forgotten. */
export function sweptWith(channel: ChannelLike, tag: number, after: number): Outcome | undefined {
  // Nearly always there was no such call in between.
  if (after === sweeps.count) return undefined
  return sweeps.of.get(channel)?.find(({ number, upTo }) => number > after && tag <= upTo)?.outcome
}

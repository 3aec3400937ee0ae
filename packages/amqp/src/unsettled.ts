import {
  processWide,
  type Delivery,
  type OpenAttempt,
  type OpenOptions,
  type AdapterTracing,
} from '@tracebaton/core/adapter'
import { connectionOf, isClosed, type ChannelLike } from './client.ts'

/** A delivery of a channel that nobody has settled yet. */
export interface Unsettled {
  readonly delivery: Delivery
  readonly attempt: OpenAttempt
}

/** The unsettled deliveries of one channel. */
interface Unsettleds {
  /** By delivery tag, which grows: the oldest is first. */
  readonly byTag: Map<number, Unsettled>
  /** The same for each of them. */
  readonly options: OpenOptions
}

const byChannel = processWide('tracebaton.amqp.unsettled.1', () => new WeakMap<object, Unsettleds>())

/** The channels that have some; core bounds the number of attempts, and with it this. */
const waiting = processWide('tracebaton.amqp.waiting.1', () => new Set<object>())

/** ms between two looks at the channels that have unsettled deliveries. */
const LOOK_AGAIN = 1_000

/** Begins the attempt of a delivery, and keeps it until its span has ended. */
export function openUnsettled(
  tracing: AdapterTracing,
  channel: ChannelLike,
  tag: number,
  delivery: Delivery,
): OpenAttempt {
  const { byTag, options } = byChannel.get(channel) ?? createUnsettleds(channel)
  const attempt = tracing.open(delivery, options)
  if (!attempt.isOpen()) return attempt
  byTag.set(tag, { delivery, attempt })
  waiting.add(channel)
  watch()
  return attempt
}

function createUnsettleds(channel: ChannelLike): Unsettleds {
  const byTag = new Map<number, Unsettled>()
  const unsettleds: Unsettleds = {
    byTag,
    options: {
      ended({ facts }: Delivery) {
        byTag.delete(facts?.deliveryTag ?? 0)
        if (byTag.size === 0) waiting.delete(channel)
      },
    },
  }
  byChannel.set(channel, unsettleds)
  return unsettleds
}

/**
 * The unsettled deliveries that a settlement is about.
 *
 * @param allUpTo whether it is about all earlier ones, too; then tag 0 means all there are
 */
export function findUnsettled(
  channel: ChannelLike,
  tag: number,
  allUpTo: boolean,
): readonly (readonly [tag: number, unsettled: Unsettled | undefined])[] {
  const unsettled = byChannel.get(channel)?.byTag
  if (!allUpTo) return [[tag, unsettled?.get(tag)]]
  const found: [number, Unsettled][] = []
  for (const entry of unsettled ?? []) {
    // An attempt at a message of `get` begins when that is handled, so they are in no order.
    if (tag === 0 || entry[0] <= tag) found.push(entry)
  }
  return found
}

/** Gives up what is unsettled on a channel that takes no more settlements. */
export function abandonUnsettled(channel: object): void {
  for (const { attempt } of byChannel.get(channel)?.byTag.values() ?? []) attempt.abandon()
}

/** Gives up what is unsettled on the channels of a connection that is being closed. */
export function abandonChannelsOf(model: object): void {
  const connection = connectionOf(model)
  for (const channel of waiting) {
    if (connection !== undefined && connectionOf(channel) === connection) abandonUnsettled(channel)
  }
}

/** Gives up what is unsettled on channels that are closed. */
export function abandonClosed(): void {
  for (const channel of waiting) if (isClosed(channel)) abandonUnsettled(channel)
}

let timer: NodeJS.Timeout | undefined

/** Looks from time to time as long as there is something to look at. Does not keep the process alive. */
function watch(): void {
  if (timer !== undefined || waiting.size === 0) return
  timer = setTimeout(() => {
    timer = undefined
    abandonClosed()
    watch()
  }, LOOK_AGAIN)
  timer.unref()
}

import { createHash } from 'node:crypto'
import type { BrokerHistory, DeliveryCount, OwnMoves } from '@tracebaton/core/adapter'

type Table = Readonly<Record<string, unknown>>

/** One entry of `x-death`: the broker took the message out of this queue, for this reason, so often. */
interface Death {
  readonly queue: string
  readonly reason: string
  readonly count: number
  /** The first time, ms since the epoch; the broker knows the second. */
  readonly time: number | undefined
}

/** Reasons of which a consumer that had the message is the cause. */
const AFTER_DELIVERY = /^(?:rejected|delivery_limit)$/

/** Whether headers tell of moves of the broker, or of deliveries beyond what the delivery itself says. */
export function hasHistory(headers: Table, redelivered: boolean): boolean {
  if (redelivered && headers['x-delivery-count'] !== undefined) return true
  return (headers['x-death'] ?? headers['x-last-death-queue'] ?? headers['x-first-death-queue']) !== undefined
}

/** Tells one list of deaths from another; `undefined`: the headers hold none. */
export function fingerprintOf(headers: Table): string | undefined {
  const deaths = Array.isArray(headers['x-death']) ? deathsOf(headers) : []
  if (deaths.length === 0) return undefined
  const text = JSON.stringify(deaths.map(({ queue, reason, count, time }) => [queue, reason, count, time]))
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

/**
 * Reads what the broker itself has written about this copy, and no more. A message that comes back to a queue where it
 * died is a retry that the broker made; one that died elsewhere is a dead letter. Never throws.
 *
 * @param queue where it arrived; `undefined`: unknown
 * @see https://www.rabbitmq.com/docs/dlx#effects
 */
export function readHistory(
  headers: Table,
  redelivered: boolean,
  queue: string | undefined,
  { fingerprint, since = 0 }: OwnMoves,
): BrokerHistory | undefined {
  if (fingerprint !== undefined && fingerprint === fingerprintOf(headers)) {
    // Or the copy has died since, within the second of the deaths that it bears, and the broker has written the same again.
    return { count: atLeast(redelivered ? 2 : 1), deaths: 0 }
  }
  const deaths = deathsOf(headers).filter(({ time = since }) => time >= since)
  const [latest] = deaths
  const counted = redelivered ? positive(headers['x-delivery-count']) : undefined
  if (latest === undefined) return counted === undefined ? undefined : { count: atLeast(counted + 1), deaths: 0 }
  const back = deaths.some((death) => death.queue === queue)
  const handledIn = back ? queue : deaths.find(({ reason }) => AFTER_DELIVERY.test(reason))?.queue
  const died = deaths.reduce((sum, { queue: place, reason, count }) => {
    return place === handledIn && AFTER_DELIVERY.test(reason) ? sum + count : sum
  }, 0)
  return {
    // A quorum queue that took the message from another one begins with that one's count, and calls the first delivery a
    // repeated one. And of a message that a client sent again, the broker counts the deaths anew.
    count: counted !== undefined || (back && !redelivered) ? atLeast(1) : undefined,
    ownCount: counted === undefined ? undefined : atLeast(counted + 1),
    kind: !back ? 'dead_letter' : latest.reason === 'expired' ? 'delayed' : 'immediate',
    deadLetter: back
      ? undefined
      : { source: latest.queue, reason: latest.reason, waited: deaths.every(({ reason }) => reason === 'expired') },
    // The time of a death that repeats stays that of the first.
    queuedAt: latest.count === 1 ? (latest.time ?? null) : null,
    delay: 0,
    deaths: back ? died : 0,
    before: handledIn === undefined || died === 0 ? undefined : { queue: handledIn, deaths: died - 1 },
  }
}

/** Quorum queues count deliveries, newer ones without those that were given back on purpose. */
function atLeast(deliveries: number): DeliveryCount {
  return { deliveries, exact: false }
}

/** The latest first. Where the list is missing, the headers that name the latest and the first death stand in. */
function deathsOf(headers: Table): readonly Death[] {
  const list = headers['x-death']
  const deaths = Array.isArray(list) ? list.flatMap(toDeath) : []
  if (deaths.length > 0) return deaths
  const single = (which: string): Death[] =>
    toDeath({ queue: headers[`x-${which}-death-queue`], reason: headers[`x-${which}-death-reason`] })
  const latest = single('last')
  return latest.length > 0 ? latest : single('first')
}

function toDeath(entry: unknown): Death[] {
  const { queue, reason, count, time } = (entry ?? {}) as Table
  if (typeof queue !== 'string' || typeof reason !== 'string') return []
  const seconds = positive((time as { readonly value?: unknown } | null | undefined)?.value)
  return [{ queue, reason, count: positive(count) ?? 1, time: seconds === undefined ? undefined : seconds * 1000 }]
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}

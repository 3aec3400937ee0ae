import type { Delivery, DeliveryCount } from '@tracebaton/core/adapter'
import type { MessageLike } from './client.ts'

/** One entry of `x-death`: the broker took the message out of this queue, for this reason, so often. */
interface Death {
  readonly queue: string
  readonly reason: string
  readonly count: number
  /** The first time, ms since the epoch; the broker knows the second. */
  readonly time: number | undefined
}

/** Reasons of which a consumer that had the message is the cause. */
const AFTER_DELIVERY: ReadonlySet<string> = new Set(['rejected', 'delivery_limit'])

/** What the broker tells of what the message has been through. */
export interface History {
  readonly facts: Pick<Delivery, 'count' | 'kind' | 'deadLetter' | 'queuedAt' | 'movedAt' | 'delay'>
  /** The queue where it was handled before the broker moved it here. */
  readonly before: string | undefined
}

/** Nearly every message has been through nothing. */
const NEW: History = {
  facts: { count: { deliveries: 1, exact: true, fresh: true, earlier: undefined } },
  before: undefined,
}

/**
 * Reads what the broker itself has written, and no more. A message that comes back to a queue where it died is a retry
 * that the broker made; one that died elsewhere is a dead letter. Never throws.
 *
 * @param queue where it arrived; `undefined`: nobody knows
 * @see https://www.rabbitmq.com/docs/dlx#effects
 */
export function readHistory(message: MessageLike, queue: string | undefined): History {
  const headers = (message.properties.headers ?? {}) as Readonly<Record<string, unknown>>
  const deaths = deathsOf(headers)
  const [latest] = deaths
  if (latest === undefined) {
    return message.fields.redelivered
      ? { facts: { count: countOf(message, headers, undefined) }, before: undefined }
      : NEW
  }

  const here = deaths.filter((death) => death.queue === queue)
  const earlier = here.reduce((sum, { reason, count }) => sum + (AFTER_DELIVERY.has(reason) ? count : 0), 0)
  const count = countOf(message, headers, earlier)
  // The time of a death that repeats stays that of the first.
  const queuedAt = latest.count === 1 ? (latest.time ?? null) : null
  if (here.length > 0) {
    const kind = latest.reason === 'expired' ? 'delayed' : 'immediate'
    const times = deaths.flatMap(({ time }) => time ?? [])
    const movedAt = times.length === 0 ? undefined : Math.max(...times)
    return { facts: { count, kind, queuedAt, movedAt, delay: 0 }, before: undefined }
  }
  const waited = deaths.every(({ reason }) => reason === 'expired')
  return {
    facts: {
      count,
      kind: 'dead_letter',
      deadLetter: { source: latest.queue, reason: latest.reason, waited },
      queuedAt,
      delay: 0,
    },
    before: deaths.find(({ reason }) => AFTER_DELIVERY.has(reason))?.queue,
  }
}

/**
 * Deliveries of this copy. Quorum queues count them, newer ones without those that were given back on purpose: at least
 * so many. A quorum queue that took the message from another one begins with that one's count, and calls the first
 * delivery a repeated one: then nobody knows.
 *
 * @param earlier attempts on copies before this one, where the broker moved the message
 */
function countOf(
  { fields }: MessageLike,
  headers: Readonly<Record<string, unknown>>,
  earlier: number | undefined,
): DeliveryCount {
  if (!fields.redelivered) return { deliveries: 1, exact: true, fresh: true, earlier }
  const counted = positive(headers['x-delivery-count'])
  if (earlier !== undefined && counted !== undefined) return { deliveries: 1, exact: false, earlier }
  return { deliveries: Math.max(2, (counted ?? 0) + 1), exact: false, fresh: false, earlier }
}

/** The latest first. Where the list is missing, the headers that name the latest and the first death stand in. */
function deathsOf(headers: Readonly<Record<string, unknown>>): readonly Death[] {
  const list = headers['x-death']
  const deaths = Array.isArray(list) ? list.flatMap(toDeath) : []
  if (deaths.length > 0) return deaths
  const single = (which: string): Death[] =>
    toDeath({ queue: headers[`x-${which}-death-queue`], reason: headers[`x-${which}-death-reason`] })
  const latest = single('last')
  return latest.length > 0 ? latest : single('first')
}

function toDeath(entry: unknown): Death[] {
  const { queue, reason, count, time } = (entry ?? {}) as Readonly<Record<string, unknown>>
  if (typeof queue !== 'string' || typeof reason !== 'string') return []
  const seconds = positive((time as { readonly value?: unknown } | null | undefined)?.value)
  return [{ queue, reason, count: positive(count) ?? 1, time: seconds === undefined ? undefined : seconds * 1000 }]
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}

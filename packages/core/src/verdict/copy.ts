import type { SpanContext } from '@opentelemetry/api'
import { putBack, reasonOf, type Lineage, type MoveFacts } from '../wire/history.ts'
import { isCount } from '../base/bounds.ts'
import type { Trust } from '../base/policy.ts'
import type { BrokerHistory, BrokerMove, CopyFacts, Delivery, DeliveryCount, DeliveryKind } from './delivery.ts'

/** What this copy of a message is, after the message and the broker have both been heard. */
export interface Copy extends CopyFacts {
  /** What the broker says this copy is; `undefined`: as the lineage says, else a first copy. */
  readonly kind: DeliveryKind | undefined
  /** How often the broker handed it out again after it had been given up. */
  readonly redrives: number | undefined
  readonly count: DeliveryCount | undefined
  readonly deadLetter: BrokerMove | undefined
  /** Whether the broker moved it here after an attempt on it elsewhere. */
  readonly handledBefore: boolean
  readonly queuedAt: number | null | undefined
  readonly delay: number | undefined
}

/** ms that the clocks of two hosts may be apart, and that a broker that tells whole seconds may leave out. */
const CLOCKS = 2_000
const SECOND = 1_000

/**
 * Decides what this copy is. The first row that applies:
 *
 * | the message says | the broker says | this copy is |
 * | --- | --- | --- |
 * | a dead letter, from this very place | anything | put back: a redrive, whatever sent it without saying so |
 * | a retry | it has waited, and was dead-lettered to here | the retry copy, where it was sent, and no dead letter |
 * | anything | a dead letter | a dead letter, as the broker says |
 * | a dead letter | nothing | a dead letter, as the application wrote it down |
 * | anything | anything | what they say |
 *
 * @param told the lineage of the message, as far as it is believed
 * @param creation the context on the message, as the propagator in use reads it
 */
export function copyOf(
  delivery: Delivery,
  trust: Trust,
  creation: SpanContext | undefined,
  told: Lineage | undefined,
  moved: MoveFacts | undefined,
): Copy {
  const isPutBack = told !== undefined && isBack(told, moved, delivery)
  const lineage = isPutBack ? putBack(told) : told
  const history = delivery.history === undefined || trust !== 'full' ? undefined : historyOf(delivery, lineage)
  const waited = hasWaited(history?.deadLetter ?? delivery.deadLetter, lineage)
  // The copy itself says when it was sent, and how long it was to wait, better than a broker that tells whole seconds.
  const timed = waited && lineage?.delay !== undefined && lineage.sent !== undefined
  const count = (waited ? history?.ownCount : undefined) ?? history?.count ?? delivery.count
  const kind = waited ? undefined : (history?.kind ?? delivery.kind)
  // The lineage says the same of being put back, and it is one redrive.
  const isTold = isPutBack && kind === 'redrive'
  return {
    creation,
    lineage,
    kind: isTold ? undefined : kind,
    redrives: !isTold && isCount(delivery.redrives) ? delivery.redrives : undefined,
    count: isCount(count?.deliveries) ? count : undefined,
    deadLetter: waited ? undefined : (history?.deadLetter ?? delivery.deadLetter ?? deathOf(lineage, moved)),
    handledBefore: (history?.before ?? delivery.identityBefore) !== undefined,
    queuedAt: timed ? undefined : history === undefined ? delivery.queuedAt : history.queuedAt,
    delay: timed ? undefined : (history?.delay ?? delivery.delay),
    deaths: isCount(history?.deaths) ? history.deaths : 0,
    before: history?.before,
  }
}

/** What the broker wrote, as far as it is about this copy and not about one whose headers were copied. */
function historyOf(
  { history, deliveredAt = Date.now() }: Delivery,
  lineage: Lineage | undefined,
): BrokerHistory | undefined {
  const { deaths: fingerprint, sent } = lineage ?? {}
  // A copy that is sent later than it is delivered comes from a host whose clock is ahead.
  const since =
    fingerprint !== undefined || sent === undefined ? undefined : Math.min(sent, deliveredAt) - SECOND - CLOCKS
  return history?.({ fingerprint, since })
}

/** A dead letter that arrives where it came from was put back there: by a script, a shovel, a move task. */
function isBack({ kind }: Lineage, moved: MoveFacts | undefined, { destination, queue }: Delivery): boolean {
  if (kind !== 'dead_letter' || moved === undefined) return false
  const { originalDestination, originalConsumer } = moved
  return (
    (originalDestination !== undefined && originalDestination === destination.name) ||
    (originalConsumer !== undefined && originalConsumer === queue)
  )
}

function hasWaited(deadLetter: BrokerMove | undefined, lineage: Lineage | undefined): boolean {
  if (deadLetter?.waited !== true || lineage === undefined) return false
  const reason = reasonOf(lineage)
  return reason === 'immediate' || reason === 'delayed'
}

function deathOf(lineage: Lineage | undefined, moved: MoveFacts | undefined): BrokerMove | undefined {
  return lineage?.kind === 'dead_letter' ? { source: moved?.originalDestination, reason: moved?.errorType } : undefined
}

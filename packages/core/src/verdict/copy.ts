import { putBack, reasonOf, type Lineage } from '../wire/lineage.ts'
import type { MoveFacts } from '../wire/move-facts.ts'
import type { BrokerMove, Delivery, DeliveryCount, DeliveryKind } from './delivery.ts'
import { roundOf } from './round.ts'

/** What this copy of a message is, after the message and the broker have both been heard. */
export interface Copy {
  /** What the broker says this copy is; `undefined`: as the lineage says, else a first copy. */
  readonly kind: DeliveryKind | undefined
  readonly count: DeliveryCount | undefined
  readonly deadLetter: BrokerMove | undefined
  readonly queuedAt: number | null | undefined
  readonly delay: number | undefined
  /** The lineage, as it reads after the way that the copy took. */
  readonly lineage: Lineage | undefined
  /** The part of it that the attempt is counted from. */
  readonly counted: Lineage | undefined
  /** Whether the broker's count is surely this copy's. */
  readonly certain: boolean
}

/**
 * Decides what this copy is. The first row that applies:
 *
 * | the message says | the broker says | this copy is |
 * | --- | --- | --- |
 * | a dead letter, from this very place | anything | put back: a redrive, whoever sent it without saying so |
 * | a retry | it has waited, and was dead-lettered here | the retry copy, where it was sent, and no dead letter |
 * | an attempt | it has brought the message back before | one of several rounds, see {@link roundOf} |
 * | anything | a dead letter | a dead letter, as the broker says |
 * | a dead letter | nothing | a dead letter, as the application wrote it down |
 * | anything | anything | what they say |
 *
 * @param told the lineage of the message, as far as it is believed
 */
export function copyOf(delivery: Delivery, told: Lineage | undefined, moved: MoveFacts | undefined): Copy {
  const lineage = told !== undefined && isBack(told, moved, delivery) ? putBack(told) : told
  if (lineage !== undefined && hasWaited(delivery, lineage)) return whereItWasSent(delivery, lineage)
  const round = roundOf(delivery, lineage)
  const { kind, count, queuedAt, delay } = round?.delivery ?? delivery
  const deadLetter = delivery.deadLetter ?? deathOf(lineage, moved)
  const counted = round === undefined ? lineage : round.lineage
  return { kind, count, deadLetter, queuedAt, delay, lineage, counted, certain: round?.certain !== false }
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

function hasWaited({ deadLetter }: Delivery, lineage: Lineage): boolean {
  const reason = reasonOf(lineage)
  return deadLetter?.waited === true && (reason === 'immediate' || reason === 'delayed')
}

function whereItWasSent({ count, queuedAt, delay }: Delivery, lineage: Lineage): Copy {
  // The copy itself says when it was sent, and how long it was to wait, better than a broker that tells whole seconds.
  const own = lineage.delay !== undefined && lineage.sent !== undefined
  return {
    kind: undefined,
    count,
    deadLetter: undefined,
    queuedAt: own ? undefined : queuedAt,
    delay: own ? undefined : delay,
    lineage,
    counted: lineage,
    certain: true,
  }
}

function deathOf(lineage: Lineage | undefined, moved: MoveFacts | undefined): BrokerMove | undefined {
  return lineage?.kind === 'dead_letter' ? { source: moved?.originalDestination, reason: moved?.errorType } : undefined
}

import type { Evidence } from './evidence.ts'
import { findingAt, type Finding } from './finding.ts'
import { linkOf, type SpanNode } from '../spans/graph.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import { messageFacts } from '../spans/facts.ts'
import { grouped } from '../spans/grouped.ts'
import { nearestIn } from '../spans/nearest.ts'
import type { Rule } from './rule.ts'

const ID = 'attempts-in-order'

/** Attempts that are neither numbered nor linked look like new traffic. */
export const attemptsInOrder: Rule = {
  id: ID,
  title: 'the attempts of a message are numbered without gaps, and each links the one before',
  subject: 'an attempt that is numbered, or one of several',
  handling: true,
  applies: ({ journeys }) =>
    journeys.some(({ attempts }) => attempts.length > 1 || attempts.some(({ facts }) => facts.attempt !== undefined)),
  check(evidence) {
    const attempts = evidence.journeys.flatMap((journey) => journey.attempts)
    const moverOf = nearestIn(new Map(attempts.map((attempt) => [attempt.node, attempt])))
    return evidence.journeys.flatMap((journey) => [
      ...rowsOf(journey).flatMap((row) => checkRow(evidence, journey, row)),
      ...checkMoves(evidence, journey, moverOf),
    ])
  },
}

/** Attempts of one consumer, by start. A dead letter or a redrive begins a new row: it counts from 1 again. */
function rowsOf({ attempts }: MessageJourney): MessageAttempt[][] {
  const open = new Map<string, MessageAttempt[]>()
  const rows: MessageAttempt[][] = []
  for (const attempt of attempts) {
    const { destination, consumerGroup, attempt: number, redrives = 0 } = attempt.facts
    const consumer = JSON.stringify([destination, consumerGroup, redrives])
    const row = open.get(consumer)
    if (row && !(number === 1 && attempt.facts.attemptSource === 'assumed')) {
      row.push(attempt)
    } else {
      const started = [attempt]
      open.set(consumer, started)
      rows.push(started)
    }
  }
  return rows
}

function checkRow(evidence: Evidence, journey: MessageJourney, row: readonly MessageAttempt[]): Finding[] {
  // By a clock that is ahead it may have started after others.
  const first = row.findIndex(({ facts }) => facts.attempt === 1)
  return row.flatMap((attempt, index): Finding[] => {
    const { node, facts } = attempt
    const before = row[index - 1]
    const linked = linkOf(node, 'previous_attempt')
    const { attempt: number, previousAttempt } = facts
    const find = (problem: string, expected?: number): Finding[] => [
      findingAt(evidence, node, {
        rule: ID,
        problem: `${node.span.name} ${problem}.`,
        message: journey.message,
        ...(expected !== undefined && { expected, actual: number }),
      }),
    ]
    if (number === undefined) {
      if (!before || linked) return []
      return find('has been tried before, and says neither which attempt it is nor links the one before')
    }
    if (number === 1) {
      if (index === first || before?.facts.attempt === undefined || linked) return []
      return find(`is attempt 1 after attempt ${before.facts.attempt}`, before.facts.attempt + 1)
    }
    if (previousAttempt === 'unknown') return []
    if (!linked) return find(`is attempt ${number} and does not link the attempt before`)
    // Retries may go through another queue, and count on there.
    const last = linked.target && messageFacts(linked.target.span).attempt
    if (last === undefined || last === number - 1) return []
    return find(`is attempt ${number} after attempt ${last}`, last + 1)
  })
}

/** Whoever moves a message itself knows which attempt it was, and can put it on the message. */
function checkMoves(
  evidence: Evidence,
  { attempts, moves, message }: MessageJourney,
  moverOf: (node: SpanNode) => MessageAttempt | undefined,
): Finding[] {
  if (moves.length === 0) return []
  const own = new Set(attempts)
  const arrivals = grouped(attempts.toSorted(byStart), ({ facts }) => facts.destination ?? '')
  return moves.flatMap((move): Finding[] => {
    const mover = moverOf(move)
    if (!mover || !own.has(mover)) return []
    const next = firstAfter(arrivals.get(messageFacts(move.span).destination ?? '') ?? [], move.span.startTime, mover)
    if (!next || linkOf(next.node, 'previous_attempt') || next.facts.previousAttempt === 'unknown') return []
    return [
      findingAt(evidence, next.node, {
        rule: ID,
        problem: `${next.node.span.name} does not link ${mover.node.span.name}, the attempt that sent the message there.`,
        message,
      }),
    ]
  })
}

/** The first attempt that started after a time, found by halves because attempts are in order. */
function firstAfter(
  attempts: readonly MessageAttempt[],
  time: number,
  except: MessageAttempt,
): MessageAttempt | undefined {
  let [low, high] = [0, attempts.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((attempts[middle]?.node.span.startTime ?? 0) > time) high = middle
    else low = middle + 1
  }
  return attempts[low] === except ? attempts[low + 1] : attempts[low]
}

function byStart(one: MessageAttempt, other: MessageAttempt): number {
  return one.node.span.startTime - other.node.span.startTime
}

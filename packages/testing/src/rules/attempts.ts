import { linkOf, type SpanNode } from '../spans/graph.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import { messageFacts } from '../spans/facts.ts'
import { grouped } from '../spans/grouped.ts'
import { nearestIn } from '../spans/nearest.ts'
import { createRule, type Found } from './finding.ts'
import type { Rule } from './rule.ts'

/** Attempts that are neither numbered nor linked look like new traffic. */
export const attemptsInOrder: Rule = createRule({
  id: 'attempts-in-order',
  title: 'the attempts of a message are numbered without gaps, and each links the one before',
  subject: 'an attempt that is numbered, or one of several',
  handling: true,
  applies: ({ journeys }) =>
    journeys.some(({ attempts }) => attempts.length > 1 || attempts.some(({ facts }) => facts.attempt !== undefined)),
  *find({ journeys }) {
    const attempts = journeys.flatMap((journey) => journey.attempts)
    const moverOf = nearestIn(new Map(attempts.map((attempt) => [attempt.node, attempt])))
    for (const journey of journeys) {
      for (const row of rowsOf(journey)) yield* checkRow(row)
      yield* checkMoves(journey, moverOf)
    }
  },
})

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

function* checkRow(row: readonly MessageAttempt[]): Generator<Found> {
  // By a clock that is ahead it may have started after others.
  const first = row.findIndex(({ facts }) => facts.attempt === 1)
  for (const [index, { node, facts }] of row.entries()) {
    const { name } = node.span
    const before = row[index - 1]
    const linked = linkOf(node, 'previous_attempt')
    const { attempt: number, previousAttempt } = facts
    if (number === undefined) {
      if (!before || linked) continue
      yield {
        node,
        problem: `${name} has been tried before, and says neither which attempt it is nor links the one before.`,
      }
    } else if (number === 1) {
      const last = before?.facts.attempt
      if (index === first || last === undefined || linked) continue
      yield { node, problem: `${name} is attempt 1 after attempt ${last}.`, expected: last + 1, actual: number }
    } else if (previousAttempt !== 'unknown') {
      if (!linked) yield { node, problem: `${name} is attempt ${number} and does not link the attempt before.` }
      // Retries may go through another queue, and count on there.
      const last = linked?.target && messageFacts(linked.target.span).attempt
      if (last === undefined || last === number - 1) continue
      yield { node, problem: `${name} is attempt ${number} after attempt ${last}.`, expected: last + 1, actual: number }
    }
  }
}

/** Whoever moves a message itself knows which attempt it was, and can put it on the message. */
function* checkMoves(
  { attempts, moves }: MessageJourney,
  moverOf: (node: SpanNode) => MessageAttempt | undefined,
): Generator<Found> {
  if (moves.length === 0) return
  const own = new Set(attempts)
  const arrivals = grouped(attempts.toSorted(byStart), ({ facts }) => facts.destination ?? '')
  // By start, as the moves, so that each list is walked once: how many attempts of it lie behind the move.
  const passed = new Map<string, number>()
  for (const move of moves) {
    const mover = moverOf(move)
    if (!mover || !own.has(mover)) continue
    const destination = messageFacts(move.span).destination ?? ''
    const there = arrivals.get(destination) ?? []
    let at = passed.get(destination) ?? 0
    while ((there[at]?.node.span.startTime ?? Infinity) <= move.span.startTime) at += 1
    passed.set(destination, at)
    const next = there[at] === mover ? there[at + 1] : there[at]
    if (!next || linkOf(next.node, 'previous_attempt') || next.facts.previousAttempt === 'unknown') continue
    const problem = `${next.node.span.name} does not link ${mover.node.span.name}, the attempt that sent the message there.`
    yield { node: next.node, problem }
  }
}

function byStart(one: MessageAttempt, other: MessageAttempt): number {
  return one.node.span.startTime - other.node.span.startTime
}

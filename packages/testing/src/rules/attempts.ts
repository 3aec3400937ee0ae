import { findingAt, type Evidence } from '../evidence.ts'
import type { Finding } from '../finding.ts'
import type { SpanNode } from '../graph.ts'
import type { MessageAttempt, MessageJourney } from '../journey.ts'
import { messageFacts } from '../facts.ts'
import type { Rule } from './rule.ts'

const ID = 'attempts-in-order'

/** Attempts that are neither numbered nor linked look like new traffic. */
export const attemptsInOrder: Rule = {
  id: ID,
  title: 'the attempts of a message are numbered without gaps, and each links the one before',
  check: (evidence) =>
    evidence.journeys.flatMap((journey) => [
      ...rowsOf(journey).flatMap((row) => checkRow(evidence, journey, row)),
      ...checkMoves(evidence, journey),
    ]),
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
  return row.flatMap((attempt, index): Finding[] => {
    const { node, facts } = attempt
    const before = row[index - 1]
    const linked = previousOf(node)
    const find = (problem: string, expected?: unknown, actual?: unknown): Finding[] => [
      findingAt(evidence, node, {
        rule: ID,
        problem,
        message: journey.message,
        ...(expected !== undefined && { expected, actual }),
      }),
    ]
    if (facts.attempt === undefined) {
      if (!before || linked) return []
      return find(
        `${node.span.name} has been tried before, and says neither which attempt it is nor links the one before.`,
      )
    }
    if (facts.attempt === 1) {
      if (before?.facts.attempt === undefined || hasPreviousLink(node)) return []
      return find(`${node.span.name} is attempt 1 after attempt ${before.facts.attempt}.`, before.facts.attempt + 1, 1)
    }
    if (facts.previousAttempt === 'unknown') return []
    if (!hasPreviousLink(node)) {
      return find(`${node.span.name} is attempt ${facts.attempt} and does not link the attempt before.`)
    }
    // Retries may go through another queue, and count on there.
    const number = linked && messageFacts(linked.span).attempt
    if (number !== undefined && number !== facts.attempt - 1) {
      return find(`${node.span.name} is attempt ${facts.attempt} after attempt ${number}.`, number + 1, facts.attempt)
    }
    return []
  })
}

/** Whoever moves a message itself knows which attempt it was, and can put it on the message. */
function checkMoves(evidence: Evidence, { attempts, moves, message }: MessageJourney): Finding[] {
  return moves.flatMap((move): Finding[] => {
    const mover = attempts.find(({ node }) => isAncestor(node, move))
    const { destination } = messageFacts(move.span)
    const next = attempts.find(
      ({ node, facts }) =>
        facts.destination === destination && node.span.startTime > move.span.startTime && node !== mover?.node,
    )
    if (!mover || !next || hasPreviousLink(next.node) || next.facts.previousAttempt === 'unknown') return []
    return [
      findingAt(evidence, next.node, {
        rule: ID,
        problem: `${next.node.span.name} does not link ${mover.node.span.name}, the attempt that sent the message there.`,
        message,
      }),
    ]
  })
}

function hasPreviousLink({ links }: SpanNode): boolean {
  return links.some(({ link }) => link.role === 'previous_attempt')
}

function previousOf({ links }: SpanNode): SpanNode | undefined {
  return links.find(({ link }) => link.role === 'previous_attempt')?.target
}

function isAncestor(node: SpanNode, below: SpanNode): boolean {
  for (let parent = below.parent; parent; parent = parent.parent) if (parent === node) return true
  return false
}

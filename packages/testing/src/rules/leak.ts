import { connectionOf, isBulk, isProcess } from '../journeys/creation.ts'
import type { Evidence } from './evidence.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { findingAt, hopEnd, type Finding } from './finding.ts'
import { linkOf, type SpanNode } from '../spans/graph.ts'
import type { MessageAttempt } from '../journeys/journey.ts'
import { grouped } from '../spans/grouped.ts'
import { nearest } from '../spans/nearest.ts'
import type { Rule } from './rule.ts'

const ID = 'no-leak'

/** The context of one message active in the handling of another: each trace then tells somebody else's story. */
export const noLeak: Rule = {
  id: ID,
  title: 'no span of one message stands in the trace of another',
  subject: 'a handled message',
  handling: true,
  applies: ({ nodes, options: { messageAttribute } }) =>
    nodes.some((node) =>
      messageAttribute === undefined ? isProcess(node) : node.span.attributes[messageAttribute] !== undefined,
    ),
  check: (evidence) => [
    ...nested(evidence),
    ...sharedContexts(evidence),
    ...strangers(evidence, evidence.options.messageAttribute),
  ],
}

/** Handling one message right inside the handling of another: no send lies between. */
function nested(evidence: Evidence): Finding[] {
  return evidence.nodes.flatMap((node): Finding[] => {
    if (!isProcess(node)) return []
    const outer = node.parent && handlingAround(node.parent)
    if (!outer) return []
    const [own, around] = [evidence.journeyOf(node), evidence.journeyOf(outer)]
    if (!own || !around || own === around) return []
    return [
      findingAt(evidence, node, {
        rule: ID,
        problem: `${node.span.name} of ${own.message} stands inside ${outer.span.name} of ${around.message}.`,
        hop: `${hopEnd(outer.span)} → ${hopEnd(node.span)}`,
        spans: [node.span, outer.span],
      }),
    ]
  })
}

const handlingAround = nearest<SpanNode | undefined>((node) => {
  const { operationType, batchSize } = messageFacts(node.span)
  if (operationType === 'send' || operationType === 'create') return { value: undefined }
  return operationType === 'process' && batchSize === undefined ? { value: node } : undefined
})

/** One message's context on another one: by what identifies them, two messages, and one send that made only one. */
function sharedContexts(evidence: Evidence): Finding[] {
  const firsts = evidence.journeys.flatMap(({ attempts: [first] }) => first ?? [])
  const followers = grouped(firsts, (first) => {
    const { creation, identity } = first
    return creation && identity && !isBulk(creation) && !isCopy(first) ? creation : undefined
  })
  return [...followers].flatMap(([creation, attempts]): Finding[] => {
    const sent = messageIdentity(creation.span)
    const [first] = attempts
    const right = attempts.find(({ identity }) => identity?.key === sent?.key) ?? first
    return attempts
      .filter((attempt) => attempt !== right && attempt.facts.destinationName === right?.facts.destinationName)
      .map((attempt) =>
        findingAt(evidence, attempt.node, {
          rule: ID,
          problem: `${attempt.identity?.text} carries the context of ${right?.identity?.text}: two messages left with the one context of ${creation.span.name}.`,
          message: attempt.identity?.text ?? '',
          hop: `${hopEnd(creation.span)} → ${hopEnd(attempt.node.span)}`,
          side: 'producer',
          service: creation.span.service,
          spans: [attempt.node.span, creation.span],
        }),
      )
  })
}

/** A retry, a dead letter or a redrive has another identity and keeps the context: it is the same message. */
function isCopy({ node, facts }: MessageAttempt): boolean {
  const { attempt = 1, deliveryKind = 'first' } = facts
  return attempt > 1 || deliveryKind !== 'first' || linkOf(node, 'previous_attempt') !== undefined
}

/** What the application says about its messages has to agree within the handling of one. */
function strangers(evidence: Evidence, attribute: string | undefined): Finding[] {
  if (attribute === undefined) return []
  const saying = sayingOf(attribute)
  return evidence.nodes.flatMap((node): Finding[] => {
    const own = node.span.attributes[attribute]
    if (own === undefined) return []
    const other = saying(node)
    if (!other || other.span.attributes[attribute] === own) return []
    const expected = other.span.attributes[attribute]
    return [
      findingAt(evidence, node, {
        rule: ID,
        problem: `${node.span.name} has ${attribute} ${JSON.stringify(own)} and stands below ${other.span.name} with ${JSON.stringify(expected)}.`,
        spans: [node.span, other.span],
        expected,
        actual: own,
      }),
    ]
  })
}

/** The nearest span above, or the send that the handling around is connected to, that has the attribute. */
function sayingOf(attribute: string): (node: SpanNode) => SpanNode | undefined {
  const says = ({ span }: SpanNode): boolean => span.attributes[attribute] !== undefined
  const sendOf = (root: SpanNode): SpanNode | undefined => {
    const creation = isProcess(root) ? connectionOf(root)?.creation : undefined
    return creation && says(creation) ? creation : undefined
  }
  const upFrom = nearest<SpanNode | undefined>((node) => {
    if (says(node)) return { value: node }
    return node.parent ? undefined : { value: sendOf(node) }
  })
  return (node) => (node.parent ? upFrom(node.parent) : sendOf(node))
}

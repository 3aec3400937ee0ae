import { connectionOf, isBulk, isProcess } from '../journeys/creation.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { linkOf, type SpanNode } from '../spans/graph.ts'
import type { MessageAttempt } from '../journeys/journey.ts'
import { grouped } from '../spans/grouped.ts'
import { nearest } from '../spans/nearest.ts'
import type { Evidence } from './evidence.ts'
import { createRule, type Found, hopEnd } from './finding.ts'
import type { Rule } from './rule.ts'

/** The context of one message active in the handling of another: each trace then tells somebody else's story. */
export const noLeak: Rule = createRule({
  id: 'no-leak',
  title: 'no span of one message stands in the trace of another',
  subject: 'a handled message',
  handling: true,
  applies: ({ nodes, options: { messageAttribute } }) =>
    nodes.some((node) =>
      messageAttribute === undefined ? isProcess(node) : node.span.attributes[messageAttribute] !== undefined,
    ),
  *find(evidence) {
    yield* nested(evidence)
    yield* sharedContexts(evidence)
    yield* strangers(evidence)
  },
})

/** Handling one message right inside the handling of another: no send lies between. */
function* nested(evidence: Evidence): Generator<Found> {
  for (const node of evidence.nodes) {
    if (!isProcess(node)) continue
    const outer = node.parent && handlingAround(node.parent)
    if (!outer) continue
    const [own, around] = [evidence.journeyOf(node), evidence.journeyOf(outer)]
    if (!own || !around || own === around) continue
    yield {
      node,
      problem: `${node.span.name} of ${own.message} stands inside ${outer.span.name} of ${around.message}.`,
      hop: `${hopEnd(outer.span)} → ${hopEnd(node.span)}`,
      spans: [node.span, outer.span],
    }
  }
}

const handlingAround = nearest<SpanNode | undefined>((node) => {
  const { operationType, batchSize } = messageFacts(node.span)
  if (operationType === 'send' || operationType === 'create') return { value: undefined }
  return operationType === 'process' && batchSize === undefined ? { value: node } : undefined
})

/** One message's context on another one: by what identifies them, two messages, and one send that made only one. */
function* sharedContexts({ journeys }: Evidence): Generator<Found> {
  const firsts = journeys.flatMap(({ attempts: [first] }) => first ?? [])
  const followers = grouped(firsts, (first) => {
    const { creation, identity } = first
    return creation && identity && !isBulk(creation) && !isCopy(first) ? creation : undefined
  })
  for (const [{ span: sent }, attempts] of followers) {
    const [first] = attempts
    const right = attempts.find(({ identity }) => identity?.key === messageIdentity(sent)?.key) ?? first
    for (const attempt of attempts) {
      if (attempt === right || attempt.facts.destinationName !== right?.facts.destinationName) continue
      const { node, identity } = attempt
      yield {
        node,
        problem: `${identity?.text} carries the context of ${right?.identity?.text}: two messages left with the one context of ${sent.name}.`,
        message: identity?.text ?? '',
        hop: `${hopEnd(sent)} → ${hopEnd(node.span)}`,
        side: 'producer',
        service: sent.service,
        spans: [node.span, sent],
      }
    }
  }
}

/** A retry, a dead letter or a redrive has another identity and keeps the context: it is the same message. */
function isCopy({ node, facts }: MessageAttempt): boolean {
  const { attempt = 1, deliveryKind = 'first' } = facts
  return attempt > 1 || deliveryKind !== 'first' || linkOf(node, 'previous_attempt') !== undefined
}

/** What the application says about its messages has to agree within the handling of one. */
function* strangers({ nodes, options: { messageAttribute: attribute } }: Evidence): Generator<Found> {
  if (attribute === undefined) return
  const saying = sayingOf(attribute)
  for (const node of nodes) {
    const actual = node.span.attributes[attribute]
    const other = actual === undefined ? undefined : saying(node)?.span
    const expected = other?.attributes[attribute]
    if (!other || expected === actual) continue
    yield {
      node,
      problem: `${node.span.name} has ${attribute} ${JSON.stringify(actual)} and stands below ${other.name} with ${JSON.stringify(expected)}.`,
      spans: [node.span, other],
      expected,
      actual,
    }
  }
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

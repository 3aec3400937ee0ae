import { findingAt } from './finding.ts'
import { messageFacts, names } from '../spans/facts.ts'
import type { RecordedSpan, RecordedSpanKind } from '../spans/span.ts'
import type { Rule } from './rule.ts'

const ID = 'conventions'

const KINDS: Readonly<Record<string, readonly RecordedSpanKind[]>> = {
  create: ['producer'],
  send: ['producer', 'client'],
  receive: ['client'],
  process: ['consumer'],
  settle: ['client'],
}

/** Names of before 1.25, and what has taken their place. */
const OUTDATED: Readonly<Record<string, string>> = {
  'messaging.operation': 'messaging.operation.type',
  'messaging.destination': 'messaging.destination.name',
  'messaging.message_id': 'messaging.message.id',
  'messaging.conversation_id': 'messaging.message.conversation_id',
  'messaging.kafka.consumer.group': 'messaging.consumer.group.name',
  'messaging.kafka.destination.partition': 'messaging.destination.partition.id',
  'messaging.kafka.partition': 'messaging.destination.partition.id',
  'messaging.kafka.message.offset': 'kafka.offset',
  'messaging.rabbitmq.routing_key': 'rabbitmq.destination.routing_key',
}

/** A name that SigNoz looks for. It may stand beside the one that has taken its place. */
const STILL_READ = 'messaging.kafka.consumer.group'

/** What backends, dashboards and sampling rules recognise a messaging span by. */
export const conventions: Rule = {
  id: ID,
  title: 'messaging spans follow the semantic conventions 1.44 or 1.45',
  subject: 'a messaging span',
  applies: ({ graph }) => [...graph.nodes.values()].some(({ span }) => isMessaging(span)),
  single: true,
  check: (evidence) =>
    [...evidence.graph.nodes.values()].flatMap((node) =>
      problemsOf(node.span).map(([clause, problem, expected, actual]) =>
        findingAt(evidence, node, {
          rule: `${ID}/${clause}`,
          problem,
          ...(expected !== undefined && { expected, actual }),
        }),
      ),
    ),
}

type Problem = readonly [clause: string, problem: string, expected?: unknown, actual?: unknown]

/** Some spans of a client are about no message: those that connect, or ask for the name of a queue. */
function isMessaging(span: RecordedSpan): boolean {
  const { kind } = span
  if (messageFacts(span).system === undefined) return false
  return typeof typeOf(span) === 'string' || kind === 'producer' || kind === 'consumer'
}

function typeOf({ attributes }: RecordedSpan): unknown {
  return attributes[names.operationType[0]]
}

function problemsOf(span: RecordedSpan): Problem[] {
  if (!isMessaging(span)) return []
  const { attributes, name, kind } = span
  const facts = messageFacts(span)
  const type = typeOf(span)
  const problems: Problem[] = []
  for (const [outdated, today] of Object.entries(OUTDATED)) {
    if (attributes[outdated] === undefined) continue
    if (outdated === STILL_READ && attributes[today] !== undefined) continue
    problems.push(['names', `${name} says ${outdated}; it is ${today} today.`])
  }
  if (typeof type !== 'string') problems.push(['operation-type', `${name} does not say messaging.operation.type.`])
  else if (KINDS[type] === undefined)
    problems.push(['operation-type', `${name} has the unknown operation type ${type}.`])
  const kinds = facts.operationType === undefined ? undefined : KINDS[facts.operationType]
  if (kinds && !kinds.includes(kind)) {
    problems.push([
      'kind',
      `${name} is of kind ${kind}, and ${facts.operationType} is ${kinds.join(' or ')}.`,
      kinds[0],
      kind,
    ])
  }
  if (facts.operationName === undefined) {
    problems.push(['operation-name', `${name} does not say messaging.operation.name.`])
  } else if (name !== facts.operationName && !name.startsWith(`${facts.operationName} `)) {
    problems.push(['span-name', `${name} does not begin with its operation.`, `${facts.operationName} …`, name])
  }
  if (facts.messageId !== undefined && facts.messageId.length > 3 && name.includes(facts.messageId)) {
    problems.push(['span-name', `${name} holds the message id: a name for every message.`])
  }
  if (span.status === 'error' && attributes['error.type'] === undefined) {
    problems.push(['error-type', `${name} failed and does not say error.type.`])
  }
  return problems
}

import { messageFacts, names } from '../spans/facts.ts'
import type { RecordedSpan, RecordedSpanKind } from '../spans/span.ts'
import { createRule } from './finding.ts'
import type { Rule } from './rule.ts'

const ID = 'conventions'

const KINDS = new Map<string | undefined, readonly RecordedSpanKind[]>([
  ['create', ['producer']],
  ['send', ['producer', 'client']],
  ['receive', ['client']],
  ['process', ['consumer']],
  ['settle', ['client']],
])

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
export const conventions: Rule = createRule({
  id: ID,
  title: 'messaging spans follow the semantic conventions 1.44 or 1.45',
  subject: 'a messaging span',
  applies: ({ nodes }) => nodes.some(({ span }) => isMessaging(span)),
  single: true,
  *find({ nodes }) {
    for (const node of nodes) {
      for (const [clause, problem, compared] of problemsOf(node.span)) {
        yield { node, rule: `${ID}/${clause}`, problem: `${node.span.name} ${problem}.`, ...compared }
      }
    }
  },
})

type Problem = readonly [clause: string, problem: string, compared?: { expected: unknown; actual: unknown }]

/** Some spans of a client are about no message: those that connect, or ask for the name of a queue. */
function isMessaging(span: RecordedSpan): boolean {
  const { kind } = span
  if (messageFacts(span).system === undefined) return false
  return typeof typeOf(span) === 'string' || kind === 'producer' || kind === 'consumer'
}

function typeOf({ attributes }: RecordedSpan): unknown {
  return attributes[names.operationType[0]]
}

function* problemsOf(span: RecordedSpan): Generator<Problem> {
  if (!isMessaging(span)) return
  const { attributes, name, kind } = span
  const { operationType, operationName, messageId } = messageFacts(span)
  const type = typeOf(span)
  for (const [outdated, today] of Object.entries(OUTDATED)) {
    if (attributes[outdated] === undefined) continue
    if (outdated === STILL_READ && attributes[today] !== undefined) continue
    yield ['names', `says ${outdated}; it is ${today} today`]
  }
  if (typeof type !== 'string') yield ['operation-type', 'does not say messaging.operation.type']
  else if (!KINDS.has(type)) yield ['operation-type', `has the unknown operation type ${type}`]
  const kinds = KINDS.get(operationType)
  if (kinds && !kinds.includes(kind)) {
    const compared = { expected: kinds[0], actual: kind }
    yield ['kind', `is of kind ${kind}, and ${operationType} is ${kinds.join(' or ')}`, compared]
  }
  if (operationName === undefined) {
    yield ['operation-name', 'does not say messaging.operation.name']
  } else if (name !== operationName && !name.startsWith(`${operationName} `)) {
    const compared = { expected: `${operationName} …`, actual: name }
    yield ['span-name', 'does not begin with its operation', compared]
  }
  if (messageId !== undefined && messageId.length > 3 && name.includes(messageId)) {
    yield ['span-name', 'holds the message id: a name for every message']
  }
  if (span.status === 'error' && attributes['error.type'] === undefined) {
    yield ['error-type', 'failed and does not say error.type']
  }
}

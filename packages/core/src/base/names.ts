import type { Attributes, AttributeValue } from '@opentelemetry/api'
import { boundedValue } from './bounds.ts'

/** Which names go on spans and metrics. See `docs/names.md`. */
export type Convention = 'compatible' | '1.45' | '1.44'

/** Where messages go, or come from. */
export interface Destination {
  readonly name?: string | undefined
  /** How producers address it, where that says more than the name: a queue's URL, a prefix and a queue. @default the name */
  readonly address?: string | undefined
  /** A low-cardinality form of the name, where the name has none. */
  readonly template?: string | undefined
  /** A template for all destinations like this one, for use where more than 100 of them have names. @default none */
  readonly commonTemplate?: string | undefined
  /** The name of a temporary or anonymous one stands in no span name and on no metric. @default false */
  readonly temporary?: boolean | undefined
  readonly anonymous?: boolean | undefined
}

/** Facts about a message or a call, in neutral words. Which of them apply is the broker's business. */
export interface Facts {
  readonly messageId?: string | undefined
  readonly conversationId?: string | undefined
  readonly partition?: string | undefined
  readonly clientId?: string | undefined
  readonly consumerGroup?: string | undefined
  readonly serverAddress?: string | undefined
  readonly serverPort?: number | undefined
  readonly bodySize?: number | undefined
  readonly envelopeSize?: number | undefined
  readonly offset?: number | undefined
  readonly tombstone?: true | undefined
  readonly messageKey?: string | undefined
  readonly routingKey?: string | undefined
  readonly deliveryTag?: number | undefined
  readonly queueUrl?: string | undefined
  readonly topicArn?: string | undefined
  readonly requestId?: string | undefined
  readonly jobName?: string | undefined
}

/** What an operation always says about itself. */
interface OperationFacts {
  readonly operationName: string
  readonly operationType: string
  readonly destination: string
  readonly template: string
  readonly temporary: boolean
  readonly anonymous: boolean
  readonly messageCount: number
}

type StandardKey = keyof Facts | keyof OperationFacts

/** The standard names: OpenTelemetry semantic conventions 1.45, and 1.44 where it differed. */
export const STANDARD: { readonly [Key in StandardKey]: readonly [current: string, older?: string] } = {
  operationName: ['messaging.operation.name'],
  operationType: ['messaging.operation.type'],
  destination: ['messaging.destination.name'],
  template: ['messaging.destination.template'],
  temporary: ['messaging.destination.temporary'],
  anonymous: ['messaging.destination.anonymous'],
  messageCount: ['messaging.batch.message_count'],
  messageId: ['messaging.message.id'],
  conversationId: ['messaging.message.conversation_id'],
  partition: ['messaging.destination.partition.id'],
  clientId: ['messaging.client.id'],
  consumerGroup: ['messaging.consumer.group.name'],
  serverAddress: ['server.address'],
  serverPort: ['server.port'],
  bodySize: ['messaging.message.body.size'],
  envelopeSize: ['messaging.message.envelope.size'],
  offset: ['kafka.offset', 'messaging.kafka.offset'],
  tombstone: ['kafka.message.tombstone', 'messaging.kafka.message.tombstone'],
  messageKey: ['kafka.message.key', 'messaging.kafka.message.key'],
  routingKey: ['rabbitmq.destination.routing_key', 'messaging.rabbitmq.destination.routing_key'],
  deliveryTag: ['rabbitmq.message.delivery_tag', 'messaging.rabbitmq.message.delivery_tag'],
  queueUrl: ['aws.sqs.queue.url'],
  topicArn: ['aws.sns.topic.arn'],
  requestId: ['aws.request_id'],
  jobName: ['bullmq.job.name'],
}

/**
 * Names from long before 1.44 by which SigNoz's pages on Kafka find consumers. On spans, except under 1.45.
 *
 * @see https://github.com/SigNoz/signoz/blob/main/pkg/query-service/app/integrations/messagingQueues/kafka/sql.go
 */
export const ALIASES = {
  /** Of Kafka's consumer groups alone. */
  consumerGroup: 'messaging.kafka.consumer.group',
  clientId: 'messaging.client_id',
} as const

export const SYSTEM = ['messaging.system.name', 'messaging.system'] as const

/** Systems whose value was another one before 1.45. */
export const OLDER_SYSTEMS: Readonly<Record<string, string>> = { 'aws.sqs': 'aws_sqs' }

/** The standard attribute for a failure, the same in every convention. */
export const ERROR_TYPE = 'error.type'

/** The standard attribute for the service at the other end: backends draw an edge to it. */
export const PEER_SERVICE = 'peer.service'

/** Our own attributes. On process spans, unless said otherwise in `docs/names.md`. */
export const OURS = {
  attempt: 'tracebaton.delivery.attempt',
  maxAttempts: 'tracebaton.delivery.max_attempts',
  attemptSource: 'tracebaton.delivery.attempt_source',
  kind: 'tracebaton.delivery.kind',
  redrives: 'tracebaton.delivery.redrives',
  outcome: 'tracebaton.delivery.outcome',
  previousAttempt: 'tracebaton.previous_attempt',
  deadLetterSource: 'tracebaton.dead_letter.source',
  deadLetterReason: 'tracebaton.dead_letter.reason',
  contextStatus: 'tracebaton.context.status',
  originTraceId: 'tracebaton.origin.trace_id',
  creationTraceId: 'tracebaton.creation.trace_id',
  journeyTraceId: 'tracebaton.journey.trace_id',
  followUp: 'tracebaton.follow_up',
  samplingReason: 'tracebaton.sampling.reason',
  queueTime: 'tracebaton.queue.time',
  queueAge: 'tracebaton.queue.age',
  linksTotal: 'tracebaton.links.total',
  linkRole: 'tracebaton.link.role',
  linkDecides: 'tracebaton.link.decides',
  confirm: 'tracebaton.confirm',
  reason: 'tracebaton.reason',
  stage: 'tracebaton.stage',
} as const

/** Fields of log lines about a message that was moved. All other fields of ours have the names of attributes. */
export const MOVED_FIELDS = {
  originalDestination: 'tracebaton.original_destination',
  attempts: 'tracebaton.attempts_before',
  errorType: 'tracebaton.last_error_type',
} as const

/** Headers that say in plain words what a moved message has been through. The first three are written once. */
export const FACT_HEADERS = {
  originalDestination: 'tracebaton-original-destination',
  originalPosition: 'tracebaton-original-position',
  originalConsumer: 'tracebaton-original-consumer',
  attempts: 'tracebaton-attempts',
  errorType: 'tracebaton-error-type',
  errorMessage: 'tracebaton-error-message',
  errorStack: 'tracebaton-error-stack',
  failedAt: 'tracebaton-failed-at',
} as const

/** The header that holds the same as JSON, where a message has no room for so many. */
export const FACTS_HEADER = 'tracebaton-facts'

/**
 * The pair `Tracebaton=1` on a trace header of ours in SQS's own slot: that it says "not sampled" is then a decision, and not
 * what a platform writes onto every message.
 */
export const SLOT_MARK = 'Tracebaton'

/** Metrics, with their units and descriptions. */
export const METRICS = {
  operationDuration: [
    'messaging.client.operation.duration',
    's',
    'Duration of calls that send or receive messages; with spans for settlements, also of calls that settle.',
  ],
  processDuration: ['messaging.process.duration', 's', 'Duration of handlers.'],
  sent: ['messaging.client.sent.messages', '{message}', 'Messages sent; with error.type those that were refused.'],
  unconfirmed: [
    'tracebaton.unconfirmed',
    '{message}',
    'Messages published of which it is unknown whether the broker took them.',
  ],
  consumed: ['messaging.client.consumed.messages', '{message}', 'Messages delivered to the application.'],
  queueTime: ['tracebaton.queue.time', 's', 'Time in the queue, on the first delivery of a copy.'],
  deliveries: ['tracebaton.deliveries', '{delivery}', 'Attempts, by outcome and kind.'],
  inFlight: ['tracebaton.in_flight', '{message}', 'Messages being handled.'],
  oldestAge: [
    'tracebaton.queue.oldest_age',
    's',
    'Age of the oldest message that is being handled or waits for its settlement; 0 without one.',
  ],
  skipped: ['tracebaton.propagation.skipped', '{message}', 'Messages that had no room for the full context.'],
  errors: ['tracebaton.errors', '{error}', 'Failures of tracebaton itself, all of them contained.'],
} as const

/** Histogram buckets in seconds: as the conventions advise for operations, 5 ms to 1 h for the time in queue. */
export const OPERATION_BUCKETS: number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
export const QUEUE_TIME_BUCKETS: number[] = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600]

/** Writes neutral facts under the names of one convention, bounded. What may not stand on a span is left out. */
export interface Names {
  readonly system: (attributes: Attributes, system: string) => void
  readonly set: (attributes: Attributes, key: StandardKey, value: AttributeValue | undefined) => void
  /** What is said under a name that only some backends look for. */
  readonly alias: (attributes: Attributes, key: keyof typeof ALIASES, value: string | undefined) => void
  readonly facts: (attributes: Attributes, facts: Facts | undefined) => void
}

/** @param convention `both`: the names of 1.45 and of 1.44 side by side */
export function createNames(convention: Convention | 'both'): Names {
  const [current, older] = SYSTEM
  const pick = ([newest, former = newest]: readonly [string, string?]): readonly [string, string?] =>
    convention === '1.44' ? [former] : convention === 'both' && former !== newest ? [newest, former] : [newest]
  const table = Object.fromEntries(Object.entries(STANDARD).map(([key, names]) => [key, pick(names)])) as {
    readonly [Key in StandardKey]: readonly [string, string?]
  }

  const set: Names['set'] = (attributes, key, value) => {
    const bounded = boundedValue(value)
    if (bounded === undefined) return
    const names = table[key]
    attributes[names[0]] = bounded
    if (names[1] !== undefined) attributes[names[1]] = bounded
  }
  const alias: Names['alias'] = (attributes, key, value) => {
    const bounded = convention === '1.45' ? undefined : boundedValue(value)
    if (bounded !== undefined) attributes[ALIASES[key]] = bounded
  }
  return {
    set,
    alias,
    system(attributes, system) {
      if (convention !== '1.44') attributes[current] = system
      if (convention !== '1.45') attributes[older] = OLDER_SYSTEMS[system] ?? system
    },
    facts(attributes, facts) {
      for (const key in facts) set(attributes, key as keyof Facts, facts[key as keyof Facts])
      if (facts?.clientId !== undefined) alias(attributes, 'clientId', facts.clientId)
    },
  }
}

/**
 * Adds attributes of an adapter's own. A name that is there already keeps its value.
 *
 * @param atStart what the span has already
 */
export function addAttributes(attributes: Attributes, more: Attributes | undefined, atStart?: Attributes): void {
  for (const key in more) if (atStart?.[key] === undefined) attributes[key] ??= boundedValue(more[key])
}

/** The attributes of a link, to be shared; copy them to add more. The roles that core gives are a {@link LinkRole}. */
export function linkAttributes(role: string, decides?: boolean): Attributes {
  if (decides === false) return { [OURS.linkRole]: role, [OURS.linkDecides]: false }
  switch (role) {
    case 'creation':
      return CREATION_LINK
    case 'batch':
      return BATCH_LINK
    default:
      return { [OURS.linkRole]: role }
  }
}

const CREATION_LINK: Attributes = Object.freeze({ [OURS.linkRole]: 'creation' })
const BATCH_LINK: Attributes = Object.freeze({ [OURS.linkRole]: 'batch' })

/**
 * The convention to use: the option, else the standard opt-in variable, else `compatible`.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function chooseConvention(option: Convention | undefined, optIn: string | undefined): Convention | 'both' {
  if (option !== undefined) return option
  const wishes = new Set((optIn ?? '').split(',').map((wish) => wish.trim()))
  if (wishes.has('messaging/dup')) return 'both'
  return wishes.has('messaging') ? '1.45' : 'compatible'
}

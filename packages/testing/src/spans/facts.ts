import type { RecordedLink, RecordedSpan, SpanAttributes } from './span.ts'

/**
 * The attribute names that assertions and pictures read: first the name that is written by default, then the older
 * names of the same fact. The strings are pinned by the table of names in `@tracebaton/core`; this table only reads.
 * What stands last is written by BullMQ itself, and by instrumentations that nobody has brought up to date.
 */
export const names = {
  system: ['messaging.system.name', 'messaging.system'],
  destination: [
    'messaging.destination.name',
    'messaging.destination',
    'messaging.rabbitmq.routing_key',
    'bullmq.queue.name',
  ],
  template: ['messaging.destination.template'],
  operationType: ['messaging.operation.type', 'messaging.operation'],
  operationName: ['messaging.operation.name'],
  messageId: ['messaging.message.id', 'messaging.message_id', 'bullmq.job.id'],
  conversationId: ['messaging.message.conversation_id', 'messaging.conversation_id'],
  partition: [
    'messaging.destination.partition.id',
    'messaging.kafka.destination.partition',
    'messaging.kafka.partition',
  ],
  offset: ['kafka.offset', 'messaging.kafka.offset', 'messaging.kafka.message.offset'],
  consumerGroup: ['messaging.consumer.group.name', 'messaging.kafka.consumer.group'],
  batchSize: ['messaging.batch.message_count', 'bullmq.job.bulk.count'],
  bullmq: ['bullmq.queue.operation'],
  errorType: ['error.type'],
  attempt: ['tracebaton.delivery.attempt'],
  maxAttempts: ['tracebaton.delivery.max_attempts'],
  attemptSource: ['tracebaton.delivery.attempt_source'],
  previousAttempt: ['tracebaton.previous_attempt'],
  linksTotal: ['tracebaton.links.total'],
  deliveryKind: ['tracebaton.delivery.kind'],
  redrives: ['tracebaton.delivery.redrives'],
  outcome: ['tracebaton.delivery.outcome'],
  queueTime: ['tracebaton.queue.time'],
  queueAge: ['tracebaton.queue.age'],
  deadLetterSource: ['tracebaton.dead_letter.source'],
  deadLetterReason: ['tracebaton.dead_letter.reason'],
  contextStatus: ['tracebaton.context.status'],
  linkRole: ['tracebaton.link.role'],
  exceptionType: ['exception.type'],
  service: ['service.name'],
} as const

/** Older values of the messaging system, and the value that is written today. */
const systems: ReadonlyMap<string | undefined, string> = new Map([
  ['aws_sqs', 'aws.sqs'],
  ['AmazonSQS', 'aws.sqs'],
  ['aws_sns', 'aws.sns'],
  ['servicebus', 'azure.servicebus'],
  ['eventhubs', 'azure.eventhubs'],
  ['eventgrid', 'azure.eventgrid'],
  ['gcp_pubsub', 'gcp.pubsub'],
])

/** Older values of the operation type, and the value that is written today. */
const operations: ReadonlyMap<string, string> = new Map([
  ['publish', 'send'],
  ['deliver', 'process'],
])

/** What a messaging span says, whichever version of the names it was written in. Undefined: the span does not say. */
export interface MessageFacts {
  /** `kafka`, `rabbitmq`, `aws.sqs`, `aws.sns`, `bullmq` … in the newest spelling. */
  readonly system: string | undefined
  /** Queue, topic or exchange; its template where there is one. */
  readonly destination: string | undefined
  /** Its own name, never a template: with the position or the id it tells messages apart. */
  readonly destinationName: string | undefined
  /**
   * `create`, `send`, `receive`, `process` or `settle`. Where a messaging span has no such attribute, a producer's span
   * counts as `send` and a consumer's as `process`.
   */
  readonly operationType: string | undefined
  /** The client's verb: `send`, `publish`, `add`, `process` … */
  readonly operationName: string | undefined
  readonly messageId: string | undefined
  readonly conversationId: string | undefined
  readonly partition: string | undefined
  readonly offset: string | undefined
  readonly consumerGroup: string | undefined
  /** How many messages the call was for. Absent: it was no batch call. */
  readonly batchSize: number | undefined
  /** Which run of the handler this is, counted from 1. */
  readonly attempt: number | undefined
  readonly maxAttempts: number | undefined
  /** Who counted: `field`, `memory`, `broker`, or `assumed`. */
  readonly attemptSource: string | undefined
  /** `unknown`: there was an attempt before, and nobody knows its span. */
  readonly previousAttempt: string | undefined
  /** `acked`, `requeued`, `retry_scheduled`, `rejected`, `dead_lettered`, `discarded` or `abandoned`. */
  readonly outcome: string | undefined
  /** `first`, `immediate`, `delayed`, `redelivery`, `dead_letter` or `redrive`. */
  readonly deliveryKind: string | undefined
  /** How often the message came back from a dead-letter queue. */
  readonly redrives: number | undefined
  /** `absent`, `malformed` or `untrusted`. Undefined: the message had a usable context, or nobody says. */
  readonly contextStatus: string | undefined
  /** Seconds that this copy of the message waited, an intended delay not counted. */
  readonly queueTime: number | undefined
  /** Seconds since the message was first sent. */
  readonly queueAge: number | undefined
  /** `error.type`, else the type of the exception recorded last. */
  readonly errorType: string | undefined
  /** The destination that a dead letter comes from. */
  readonly deadLetterSource: string | undefined
  readonly deadLetterReason: string | undefined
}

// Every rule asks for them, many times for each span, and a recorded span does not change.
const read = new WeakMap<RecordedSpan, MessageFacts>()

/** Reads the messaging facts of a span, in all versions of the names. Never throws; what is malformed is undefined. */
export function messageFacts(span: RecordedSpan): MessageFacts {
  const known = read.get(span)
  if (known) return known
  const facts = readFacts(span)
  read.set(span, facts)
  return facts
}

function readFacts(span: RecordedSpan): MessageFacts {
  const { attributes } = span
  const system = systemOf(attributes)
  return {
    system,
    destination: text(attributes, names.template) ?? text(attributes, names.destination),
    destinationName: text(attributes, names.destination),
    operationType: system === undefined ? undefined : operationType(span),
    operationName: text(attributes, names.operationName),
    messageId: text(attributes, names.messageId),
    conversationId: text(attributes, names.conversationId),
    partition: digits(attributes, names.partition),
    offset: digits(attributes, names.offset),
    consumerGroup: text(attributes, names.consumerGroup),
    batchSize: whole(attributes, names.batchSize),
    attempt: whole(attributes, names.attempt),
    maxAttempts: whole(attributes, names.maxAttempts),
    attemptSource: text(attributes, names.attemptSource),
    previousAttempt: text(attributes, names.previousAttempt),
    outcome: text(attributes, names.outcome),
    deliveryKind: text(attributes, names.deliveryKind),
    redrives: whole(attributes, names.redrives),
    contextStatus: text(attributes, names.contextStatus),
    queueTime: number(attributes, names.queueTime),
    queueAge: number(attributes, names.queueAge),
    errorType: text(attributes, names.errorType) ?? exceptionType(span),
    deadLetterSource: text(attributes, names.deadLetterSource),
    deadLetterReason: text(attributes, names.deadLetterReason),
  }
}

function systemOf(attributes: SpanAttributes): string | undefined {
  const system = text(attributes, names.system) ?? (text(attributes, names.bullmq) === undefined ? undefined : 'bullmq')
  return systems.get(system) ?? system
}

const byKind: Readonly<Record<string, string>> = { producer: 'send', consumer: 'process' }

function operationType(span: RecordedSpan): string | undefined {
  const named = text(span.attributes, names.operationType)
  return named === undefined ? byKind[span.kind] : (operations.get(named) ?? named)
}

function exceptionType(span: RecordedSpan): string | undefined {
  const exception = span.events.findLast((event) => event.name === 'exception')
  return exception && text(exception.attributes, names.exceptionType)
}

function text(attributes: SpanAttributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

// Partitions are texts, and were numbers in older versions. Offsets can be longer than a number holds.
function digits(attributes: SpanAttributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key]
    if (typeof value === 'number' || typeof value === 'bigint' || (typeof value === 'string' && value !== '')) {
      return String(value)
    }
  }
  return undefined
}

// Whole numbers read from OTLP JSON are strings.
function number(attributes: SpanAttributes, keys: readonly string[]): number | undefined {
  const parsed = Number(digits(attributes, keys) ?? Number.NaN)
  return Number.isFinite(parsed) ? parsed : undefined
}

function whole(attributes: SpanAttributes, keys: readonly string[]): number | undefined {
  const value = number(attributes, keys)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Whether a span says anything of a message. Much cheaper than its facts, for files of which most spans do not. */
export function isMessaging({ attributes }: RecordedSpan): boolean {
  return systemOf(attributes) !== undefined
}

/** A span about several messages: a batch that was received or handled as a whole, or a bulk send. */
export function isBatch(span: RecordedSpan): boolean {
  // Asked in files of which most spans are no batch, and no other fact is needed.
  const size = whole(span.attributes, names.batchSize)
  if (size === undefined || !isMessaging(span)) return false
  const type = operationType(span)
  return type !== 'create' && (size > 1 || type === 'process' || type === 'receive')
}

/** Whether a span has all of its links: of some only the newest are kept, and the number of all is told. */
export function hasAllLinks({ attributes }: RecordedSpan): boolean {
  return names.linksTotal.every((name) => attributes[name] === undefined)
}

/**
 * Whether a link leads to another span of the same story, which is the way of one message and of its moves. What a batch
 * links are the stories of its messages, and for each of them the batch is a story beside its own.
 */
export function staysInStory(span: RecordedSpan, { role }: Pick<RecordedLink, 'role'>): boolean {
  return role !== 'batch' && !isBatch(span)
}

/**
 * The attribute names that assertions and pictures read: first the name that is written by default, then the older
 * names of the same fact. The strings are pinned by the table of names in `@tracebaton/core`; this table only reads.
 * What stands last is written by BullMQ itself, and by instrumentations that nobody has brought up to date.
 */
export const names = {
  system: ['messaging.system.name', 'messaging.system'],
  destination: [
    'messaging.destination.template',
    'messaging.destination.name',
    'messaging.destination',
    'messaging.rabbitmq.routing_key',
    'bullmq.queue.name',
  ],
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
export const systems: Readonly<Record<string, string>> = {
  aws_sqs: 'aws.sqs',
  AmazonSQS: 'aws.sqs',
  aws_sns: 'aws.sns',
  servicebus: 'azure.servicebus',
  eventhubs: 'azure.eventhubs',
  eventgrid: 'azure.eventgrid',
  gcp_pubsub: 'gcp.pubsub',
}

/** Older values of the operation type, and the value that is written today. */
export const operations: Readonly<Record<string, string>> = { publish: 'send', deliver: 'process' }

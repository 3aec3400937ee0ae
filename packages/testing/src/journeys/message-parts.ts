import type { Arrival } from './arrival.ts'

/** The part of a client's message, or of what a client is given to send, that holds its headers. */
export interface MessageParts {
  /** What identifies the message, as far as it says so. */
  readonly place: Omit<Arrival, 'headers'>
  readonly headers: Readonly<Record<string, unknown>>
  /** The same message with other headers. The message that was given stays as it is. */
  readonly with: (headers: Readonly<Record<string, unknown>>) => object
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Finds the headers of a message by its shape: a message or an `eachMessage` payload of kafkajs, a delivery or publish
 * options of amqplib, a message or a send request of SQS, a job or job options of BullMQ. Undefined: it is none of them.
 */
export function messageParts(message: unknown): MessageParts | undefined {
  if (!isFields(message)) return undefined
  const { properties, message: payload, opts, fields } = message
  if (isFields(payload) && 'topic' in message) {
    const { topic, partition } = message
    const place = { destination: text(topic), partition: text(partition), offset: text(payload['offset']) }
    return inside(message, 'message', at(payload, 'headers', { system: 'kafka', ...place }))
  }
  if (isFields(properties) && isFields(fields)) {
    const destination = [fields['exchange'], fields['routingKey']].filter(Boolean).join(':')
    const place = { system: 'rabbitmq', destination, messageId: text(properties['messageId']) }
    return inside(message, 'properties', at(properties, 'headers', place))
  }
  if ('MessageId' in message || 'MessageBody' in message || 'MessageAttributes' in message) {
    return at(message, 'MessageAttributes', { system: 'aws.sqs', messageId: text(message['MessageId']) })
  }
  if (isFields(opts) && 'queueName' in message) {
    const { queueName, id } = message
    return inside(message, 'opts', bullmq(opts, { destination: text(queueName), messageId: text(id) }))
  }
  if ('telemetry' in message) return bullmq(message, {})
  if ('value' in message) return at(message, 'headers', { system: 'kafka' })
  return 'headers' in message ? at(message, 'headers', { system: 'rabbitmq' }) : undefined
}

function bullmq(options: Fields, place: Omit<Arrival, 'headers' | 'system'>): MessageParts {
  const telemetry = field(options, 'telemetry')
  return {
    place: { system: 'bullmq', ...place },
    headers: parsed(telemetry['metadata']),
    with: (headers) => replaced(options, 'telemetry', { ...telemetry, metadata: JSON.stringify(headers) }),
  }
}

function at(message: Fields, name: string, place: MessageParts['place']): MessageParts {
  return { place, headers: field(message, name), with: (headers) => replaced(message, name, headers) }
}

function inside(message: Fields, name: string, parts: MessageParts): MessageParts {
  return { ...parts, with: (changed) => replaced(message, name, parts.with(changed)) }
}

/** A look-alike: a job of BullMQ has methods, and they need the job. */
function replaced(message: Fields, name: string, value: unknown): object {
  const descriptors = Object.getOwnPropertyDescriptors(message)
  const changed = { value, enumerable: true, writable: true, configurable: true }
  return Object.create(Object.getPrototypeOf(message) as object | null, { ...descriptors, [name]: changed }) as object
}

function parsed(metadata: unknown): Fields {
  try {
    const value: unknown = JSON.parse(String(metadata))
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

function field(of: Fields, name: string): Fields {
  const value = of[name]
  return isFields(value) ? value : {}
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

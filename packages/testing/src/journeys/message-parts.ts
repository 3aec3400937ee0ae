/** The part of a client's message, or of what a client is given to send, that holds its headers. */
export interface MessageParts {
  readonly client: 'kafkajs' | 'amqplib' | 'sqs' | 'bullmq'
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
  const { properties, message: payload, opts } = message
  if (isFields(payload) && 'topic' in message) return inside(message, 'message', at('kafkajs', payload, 'headers'))
  if (isFields(properties) && isFields(message['fields']))
    return inside(message, 'properties', at('amqplib', properties, 'headers'))
  if ('MessageId' in message || 'MessageBody' in message || 'MessageAttributes' in message)
    return at('sqs', message, 'MessageAttributes')
  if (isFields(opts) && 'queueName' in message) return inside(message, 'opts', bullmq(opts))
  if ('telemetry' in message) return bullmq(message)
  if ('value' in message) return at('kafkajs', message, 'headers')
  return 'headers' in message ? at('amqplib', message, 'headers') : undefined
}

function bullmq(options: Fields): MessageParts {
  const telemetry = field(options, 'telemetry')
  return {
    client: 'bullmq',
    headers: parsed(telemetry['metadata']),
    with: (headers) => replaced(options, 'telemetry', { ...telemetry, metadata: JSON.stringify(headers) }),
  }
}

function at(client: MessageParts['client'], message: Fields, name: string): MessageParts {
  return { client, headers: field(message, name), with: (headers) => replaced(message, name, headers) }
}

function inside(message: Fields, name: string, { client, headers, with: change }: MessageParts): MessageParts {
  return { client, headers, with: (changed) => replaced(message, name, change(changed)) }
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

import {
  copyWith,
  isFor,
  originalOf,
  ownOptions,
  processWide,
  replaceFields,
  resolveTracing,
  traced,
  warnOfInstrumentation,
  type Facts,
  type Injection,
  type OutgoingMessage,
  type Publication,
  type AdapterTracing,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { FOLLOWERS, TAKES } from './client.ts'
import type { BatchRecordLike, MessageLike, ProducerLike, RecordLike, SenderLike } from './client.ts'
import { SYSTEM, toOutgoing, toSendResults } from './describe.ts'
import { createRoom, MOST_BYTES } from './headers.ts'
import { SCOPE } from './scope.ts'

/** Options of `traceKafka` and {@link traceProducer}. */
export type KafkaOptions = TracingInput & {
  /** The client's `clientId`, which a client does not tell. @default unknown */
  readonly clientId?: string | undefined
}

export const KAFKA_OPTIONS = { clientId: 'string' } as const

/** The facts of each producer whose client's id is known. A move is given the producer alone, and finds them here. */
const known = processWide('tracebaton.kafka.known-senders.1', () => new WeakMap<object, Facts>())

/**
 * Wraps a producer: gives one of the same type whose `send`, `sendBatch` and transactions are traced. The original stays
 * as it is; wrapping what this gave replaces the options. Never throws.
 */
export function traceProducer<Producer extends ProducerLike>(producer: Producer, options?: KafkaOptions): Producer {
  const tracing = resolveTracing(options, SCOPE, KAFKA_OPTIONS)
  if (!isFor(tracing, producer, 'traceProducer', TAKES)) return producer
  const original = originalOf<ProducerLike>(producer)
  const { clientId = factsOf(original)?.clientId } = ownOptions(options, KAFKA_OPTIONS, tracing)
  warnOfInstrumentation(tracing, original, 'send', FOLLOWERS)
  const members = {
    ...senderOf(tracing, original, clientId),
    transaction: () =>
      original.transaction().then((sender) => traced(sender, senderOf(tracing, sender, clientId), tracing)),
  }
  return traced(original, members, tracing) as Producer
}

function senderOf(tracing: AdapterTracing, sender: SenderLike, clientId: string | undefined): SenderLike {
  const facts = clientId === undefined ? undefined : Object.freeze({ clientId })
  if (facts !== undefined) known.set(sender, facts)
  return {
    send: (record: RecordLike) =>
      publish(
        tracing,
        facts,
        () => [record],
        (records) => sender.send((records?.[0] ?? record) as never),
      ),
    sendBatch: (batch: BatchRecordLike) =>
      publish(
        tracing,
        facts,
        () => batch.topicMessages,
        (topicMessages) =>
          sender.sendBatch((topicMessages === undefined ? batch : copyWith(batch, { topicMessages })) as never),
      ),
  }
}

/** @param call gets copies with our headers, or nothing where the caller's own argument is to be sent */
function publish(
  tracing: AdapterTracing,
  facts: Facts | undefined,
  read: () => readonly RecordLike[] | undefined,
  call: (records?: readonly RecordLike[]) => Promise<unknown>,
): Promise<unknown> {
  const records = sendable(read)
  const publication = records && tracing.guard(() => toPublication(tracing, records, facts))
  if (records === undefined || publication === undefined) return call()
  return tracing.send(publication, (injections) => call(tracing.guard(() => inject(tracing, records, injections))))
}

/** What is said of all sends of a producer or a transaction, as far as it was told. */
export function factsOf(sender: SenderLike): Facts | undefined {
  return known.get(originalOf<SenderLike>(sender))
}

/** @param delay what the consumer means to wait, ms. Default: nothing */
export function toPublication(
  tracing: AdapterTracing,
  records: readonly RecordLike[],
  facts: Facts | undefined,
  delay?: number,
): Publication {
  const messages: OutgoingMessage[] = []
  const most = tracing.maxMessageBytes ?? MOST_BYTES
  const rooms = records.length > 1 ? roomsOf(records, most) : undefined
  for (const { topic, messages: own } of records) {
    const fits = rooms?.get(topic) ?? createRoom(own, most)
    for (const message of own) messages.push(toOutgoing(tracing, topic, message, fits, delay))
  }
  const topic = records[0]?.topic
  return {
    system: SYSTEM,
    operation: 'send',
    destination: records.every((record) => record.topic === topic) ? { name: topic } : {},
    batch: true,
    facts,
    messages,
    results: (answer) => toSendResults(answer, messages.length),
  }
}

/** By topic: the client puts together what goes to one. */
function roomsOf(records: readonly RecordLike[], most: number): ReadonlyMap<string, OutgoingMessage['fits']> {
  const byTopic = new Map<string, MessageLike[]>()
  for (const { topic, messages } of records) {
    const all = byTopic.get(topic)
    if (all === undefined) byTopic.set(topic, [...messages])
    else for (const message of messages) all.push(message)
  }
  return new Map(Array.from(byTopic, ([topic, messages]) => [topic, createRoom(messages, most)]))
}

/** Copies with our headers; what gets none is the caller's own. */
export function inject(
  tracing: AdapterTracing,
  records: readonly RecordLike[],
  injections: readonly (Injection | undefined)[],
): readonly RecordLike[] {
  let next = 0
  return records.map((record) =>
    copyWith(record, {
      messages: record.messages.map((message): MessageLike => {
        const fields = injections[next++]?.fields
        if (fields === undefined) return message
        return copyWith(message, { headers: replaceFields(message.headers, fields, tracing.isField, String) })
      }),
    }),
  )
}

/**
 * Whatever the client would refuse goes to it untouched, and whatever cannot even be read: its own error is better than
 * any of ours.
 */
function sendable(read: () => readonly RecordLike[] | undefined): readonly RecordLike[] | undefined {
  try {
    const records = read()
    if (!Array.isArray(records) || !records.every(isRecord)) return undefined
    return records.some(({ messages }) => messages.length > 0) ? records : undefined
  } catch {
    return undefined
  }
}

function isRecord(record: RecordLike): boolean {
  const { topic, messages } = record
  if (typeof topic !== 'string' || topic === '' || !Array.isArray(messages)) return false
  // Looks into holes, as the client does.
  return messages.findIndex((message: MessageLike) => !isMessage(message)) === -1
}

function isMessage({ value, headers }: MessageLike): boolean {
  return value !== undefined && headers !== null
}

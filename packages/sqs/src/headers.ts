import {
  isObject,
  SLOT_MARK,
  type FieldChanges,
  type HeaderGetter,
  type IsField,
  type Slot,
} from '@tracebaton/core/adapter'
import type { MessageAttribute, OutgoingEntry } from './client.ts'

/** A message can have ten attributes, the caller's and ours together. */
const MAX_ATTRIBUTES = 10

/**
 * Sizes that a queue may limit messages to, in bytes: 1 MiB, and 256 KiB on queues that keep the older limit. A message
 * within a limit must stay within it. Attributes count with name, type and value.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const SIZE_LIMITS: readonly number[] = [262_144, 1_048_576]

/** Names of attributes that the service takes; a propagator may make others, of the names of baggage entries. */
const NAME = /^(?!aws\.|amazon\.)[\w-]+(?:\.[\w-]+)*$/i

/** The broker's own slot for a context. It counts neither as an attribute nor towards the size. */
export const TRACE_HEADER = 'AWSTraceHeader'

const STRING = 'String'

/** Reads message attributes. */
export const attributesGetter: HeaderGetter<unknown> = {
  keys: (attributes) => (isObject(attributes) ? Object.keys(attributes) : []),
  get(attributes, name) {
    const attribute: unknown = isObject(attributes) ? Reflect.get(attributes, name) : undefined
    if (!isObject(attribute)) return undefined
    const { StringValue, BinaryValue } = attribute as MessageAttribute
    return StringValue ?? BinaryValue
  },
}

/** Our fields as message attributes. */
export function toAttribute(text: string): MessageAttribute {
  return { DataType: STRING, StringValue: text }
}

/** Longer ones are no trace headers. Characters. */
const LONGEST = 1_024

/**
 * A span context in the broker's own form: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=<0 or 1>`, and a mark of ours,
 * as a pair that readers of the form pass over.
 */
export function formatTraceHeader(context: { traceId: string; spanId: string; traceFlags: number }): string {
  const { traceId, spanId, traceFlags } = context
  return `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${traceFlags & 1};${SLOT_MARK}=1`
}

/**
 * The `traceparent` that says the same as the broker's own form; `undefined` where that names no span. A platform writes one
 * onto all messages, whoever uses it or not: only that it keeps a trace is a decision.
 */
export function slotOf(header: string | undefined): Slot | undefined {
  if (header === undefined || header.length > LONGEST) return undefined
  const parts = new Map(header.split(';').map((part) => part.trim().split('=') as [string, string | undefined]))
  const [version, seconds, rest] = (parts.get('Root') ?? '').split('-')
  const parent = parts.get('Parent')
  // Without a parent (a service that only sampled) there is nothing to relate to.
  if (version !== '1' || seconds === undefined || rest === undefined || parent === undefined) return undefined
  const keeps = parts.get('Sampled') === '1'
  const ours = parts.get(SLOT_MARK) === '1'
  return { traceparent: `00-${seconds}${rest}-${parent}-0${keeps ? 1 : 0}`, decides: keeps || ours }
}

/**
 * Whether fields fit onto messages of one call, one after the other: attributes per message, bytes per message and per
 * call. What the fields replace makes room for them. One whose name the service refuses fits nowhere.
 *
 * @param most bytes of one message. Default: as {@link SIZE_LIMITS} say, of which a call may always have as many
 */
export function createBudget(entries: readonly OutgoingEntry[], most: number | undefined) {
  const limits = most === undefined ? SIZE_LIMITS : [most]
  const sizes = entries.map(({ MessageBody = '', MessageAttributes }) => bytes(MessageBody) + sizeOf(MessageAttributes))
  let total = sizes.reduce((sum, size) => sum + size, 0)
  return (index: number, fields: FieldChanges, isField: IsField): boolean => {
    const attributes = entries[index]?.MessageAttributes ?? {}
    let count = 0
    let growth = 0
    for (const name of Object.keys(attributes)) {
      if (Object.hasOwn(fields, name) || isField(name, fields)) growth -= sizeOfOne(name, attributes[name])
      else count += 1
    }
    for (const name of Object.keys(fields)) {
      const text = fields[name]
      if (text === undefined) continue
      if (!NAME.test(name)) return false
      growth += sizeOfOne(name, toAttribute(text))
      count += 1
    }
    if (count > MAX_ATTRIBUTES) return false
    if (crosses(limits, sizes[index] ?? 0, growth) || crosses(SIZE_LIMITS, total, growth)) return false
    total += growth
    return true
  }
}

/** What is within a limit must stay within it. */
function crosses(limits: readonly number[], size: number, growth: number): boolean {
  return limits.some((limit) => size <= limit && size + growth > limit)
}

/** Bytes of attributes, as the service counts them: name, type and value. */
function sizeOf(attributes: OutgoingEntry['MessageAttributes'] | null): number {
  let size = 0
  for (const name in attributes) size += sizeOfOne(name, attributes[name])
  return size
}

function sizeOfOne(name: string, attribute: MessageAttribute | null | undefined): number {
  const { DataType = '', StringValue = '', BinaryValue }: MessageAttribute = attribute ?? {}
  return bytes(name) + bytes(DataType) + bytes(StringValue) + (BinaryValue?.byteLength ?? 0)
}

function bytes(text: string): number {
  return Buffer.byteLength(text)
}

import type { FieldChanges, OutgoingMessage } from '@tracebaton/core/adapter'
import type { MessageLike } from './client.ts'

/**
 * Bytes that a batch of records may have where neither the topic (`max.message.bytes`) nor the broker says otherwise.
 *
 * @see https://kafka.apache.org/documentation/#topicconfigs_max.message.bytes
 */
export const MOST_BYTES = 1_048_588

/**
 * Bytes of a batch beside its records.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
const BATCH = 61

/** Bytes of a record, and of a header, beside their texts and bytes; at most. */
const RECORD = 36
const HEADER = 10

/**
 * Whether fields fit onto the messages that a call sends to one topic. The client may divide them by partition and
 * compress them; here they are one batch, as it is. Messages that are beyond the limit without our fields show that it is
 * another one, or that they are divided or compressed: then everything fits.
 *
 * @param limit bytes of a batch
 */
export function createRoom(messages: readonly MessageLike[], limit: number): NonNullable<OutgoingMessage['fits']> {
  let most = 0
  let answers: Map<number, boolean> | undefined
  return (fields, count) => {
    if (most === 0) for (const message of messages) most += mostOf(message)
    let growth = 0
    for (const name in fields) growth += HEADER + longest(name) + longest(fields[name])
    if (BATCH + most + count * growth <= limit) return true
    // The messages of a call get fields of one length, and it is measured once.
    answers ??= new Map()
    let answer = answers.get(growth)
    if (answer === undefined) answers.set(growth, (answer = holds(messages, fields, count, limit)))
    return answer
  }
}

/**
 * A message that keeps the context it came with, and so is not among those that are counted, grows by nothing. Which these
 * are is not told: those that would grow most are taken for the others.
 */
function holds(messages: readonly MessageLike[], fields: FieldChanges, count: number, limit: number): boolean {
  const now = Date.now()
  const first = messages.reduce((least, message) => Math.min(least, timeOf(message, now)), Infinity)
  const written = Object.keys(fields).filter((name) => fields[name] !== undefined)
  const writtenBytes = sumOf(written, (name) => partSize(name) + partSize(fields[name]))
  let size = BATCH
  const growths = messages.map((message, offset) => {
    const { key, value, headers } = message
    const others = 1 + varint(timeOf(message, now) - first) + varint(offset) + partSize(key) + partSize(value)
    let own = 0
    let ownBytes = 0
    let kept = 0
    let keptBytes = 0
    for (const name in headers) {
      const values = headers[name]
      if (values === undefined) continue
      const times = Array.isArray(values) ? values.length : 1
      const bytes = times * partSize(name) + (Array.isArray(values) ? sumOf(values, partSize) : partSize(values))
      own += times
      ownBytes += bytes
      if (Object.hasOwn(fields, name)) continue
      kept += times
      keptBytes += bytes
    }
    const bare = sized(others + varint(own) + ownBytes)
    size += bare
    return sized(others + varint(kept + written.length) + keptBytes + writtenBytes) - bare
  })
  const grown = count < growths.length ? growths.toSorted((left, right) => right - left).slice(0, count) : growths
  return size > limit || size + sumOf(grown, Number) <= limit
}

function sumOf<Item>(items: readonly Item[], size: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + size(item), 0)
}

function timeOf({ timestamp }: MessageLike, now: number): number {
  return timestamp === undefined ? now : Number(timestamp)
}

/** Bytes that a record cannot exceed: looks at lengths alone. */
function mostOf({ key, value, headers }: MessageLike): number {
  let most = RECORD + longest(key) + longest(value)
  for (const name in headers) {
    const values = headers[name]
    if (Array.isArray(values)) for (const one of values) most += HEADER + longest(name) + longest(one)
    else most += HEADER + longest(name) + longest(values)
  }
  return most
}

/** A letter has at most three bytes. */
function longest(text: unknown): number {
  return typeof text === 'string' ? 3 * text.length : bytesOf(text)
}

/** Bytes of a key, a value, or a part of a header; one that is missing has a number that says so. */
function partSize(part: unknown): number {
  return part === undefined || part === null ? 1 : sized(bytesOf(part))
}

/** Bytes with their number before them. */
function sized(bytes: number): number {
  return varint(bytes) + bytes
}

/** Bytes of a number from 0 on, at most 10: each holds seven bits, and one bit is the sign. */
function varint(value: number): number {
  let bytes = 1
  for (let rest = value * 2; rest >= 128 && bytes < 10; rest /= 128) bytes += 1
  return bytes
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return ArrayBuffer.isView(value) ? value.byteLength : 0
}

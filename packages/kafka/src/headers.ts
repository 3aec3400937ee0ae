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

/** Bytes that the place and the time of a record take beyond those of the first, at most. */
const PLACE = 18

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
    if (most === 0) {
      most = BATCH
      for (const message of messages) most += PLACE + recordSize(message, NOTHING, 0, 0, longest)
    }
    let growth = 0
    for (const name in fields) growth += longest(name) + longest(fields[name])
    if (most + count * growth <= limit) return true
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
  let size = BATCH
  const growths = messages.map((message, offset) => {
    const time = timeOf(message, now) - first
    const bare = recordSize(message, NOTHING, offset, time, exact)
    size += bare
    return recordSize(message, fields, offset, time, exact) - bare
  })
  const grown = count < growths.length ? growths.toSorted((left, right) => right - left).slice(0, count) : growths
  return size > limit || grown.reduce((sum, growth) => sum + growth, size) <= limit
}

function timeOf({ timestamp }: MessageLike, now: number): number {
  return timestamp === undefined ? now : Number(timestamp)
}

const NOTHING: FieldChanges = {}

/** Bytes of a part of a record: a key, a value, the name of a header or what it says. */
type Measure = (part: unknown) => number

/** As the client writes it; one that is missing has a number that says so. */
const exact: Measure = (part) => {
  if (typeof part === 'string') return sized(Buffer.byteLength(part))
  return ArrayBuffer.isView(part) ? sized(part.byteLength) : 1
}

/** At most so many, by its length alone: a letter has up to three bytes, and the number before it up to five. */
const longest: Measure = (part) => {
  if (typeof part === 'string') return 5 + 3 * part.length
  return ArrayBuffer.isView(part) ? 5 + part.byteLength : 1
}

/** Bytes of a record with the fields on it: of thousands in one call, so that it makes nothing. */
function recordSize(
  { key, value, headers }: MessageLike,
  fields: FieldChanges,
  offset: number,
  time: number,
  measure: Measure,
): number {
  let count = 0
  let bytes = measure(key) + measure(value)
  for (const name in headers) {
    const values = headers[name]
    if (values === undefined || Object.hasOwn(fields, name)) continue
    const list = Array.isArray(values) ? values : undefined
    count += list?.length ?? 1
    bytes += measure(name) * (list?.length ?? 1)
    if (list === undefined) bytes += measure(values)
    else for (const one of list) bytes += measure(one)
  }
  for (const name in fields) {
    // What is only taken off takes no room.
    if (fields[name] === undefined) continue
    count += 1
    bytes += measure(name) + measure(fields[name])
  }
  return sized(1 + varint(time) + varint(offset) + varint(count) + bytes)
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

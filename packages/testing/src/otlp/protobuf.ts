/** How one field of a message is read. A field that is not described is skipped, as every protobuf reader does. */
export interface ProtobufField {
  readonly name: string
  readonly type:
    | 'text'
    | 'hex'
    | 'base64'
    | 'whole'
    | 'signed'
    | 'boolean'
    | 'fixed32'
    | 'fixed64'
    | 'double'
    | 'message'
  /** For `message`: what is inside. A function, because messages can hold themselves. */
  readonly of?: () => ProtobufMessage
  /** @default false */
  readonly repeated?: boolean
}

/** A message by the numbers of its fields. */
export type ProtobufMessage = Readonly<Record<number, ProtobufField>>

type Decoded = Record<string, unknown>

// The limit of Google's own readers.
const DEEPEST = 100

const WIRE_TYPES: Readonly<Record<ProtobufField['type'], number>> = {
  whole: 0,
  signed: 0,
  boolean: 0,
  fixed64: 1,
  double: 1,
  text: 2,
  hex: 2,
  base64: 2,
  message: 2,
  fixed32: 5,
}

/**
 * Reads a protobuf message as the object that its JSON form would be: 64-bit numbers as texts, bytes in hex or base64.
 * Throws a RangeError when the bytes are no such message.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function decodeProtobuf(bytes: Uint8Array, message: ProtobufMessage): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return decodeMessage({ buffer, position: 0, end: buffer.length }, message, {}, 0)
}

interface Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
}

function decodeMessage(reader: Reader, message: ProtobufMessage, into: Decoded, depth: number): Decoded {
  if (depth > DEEPEST) throw new RangeError(`more than ${DEEPEST} messages inside each other`)
  while (reader.position < reader.end) {
    const tag = readNumber(reader)
    const [number, wireType] = [tag >>> 3, tag & 7]
    const field = message[number]
    if (number === 0) throw new RangeError('a field without a number')
    if (!field || WIRE_TYPES[field.type] !== wireType) {
      skip(reader, wireType)
      continue
    }
    const known = into[field.name]
    if (field.repeated) {
      const list = Array.isArray(known) ? known : (into[field.name] = [] as unknown[])
      list.push(readField(reader, field, {}, depth))
    } else {
      // A message that comes in two pieces is one message.
      const begun = field.type === 'message' && known !== undefined ? (known as Decoded) : {}
      into[field.name] = readField(reader, field, begun, depth)
    }
  }
  return into
}

function readField(reader: Reader, field: ProtobufField, begun: Decoded, depth: number): unknown {
  switch (field.type) {
    case 'whole':
      return readNumber(reader)
    case 'signed':
      return String(BigInt.asIntN(64, readVarint(reader)))
    case 'boolean':
      return readVarint(reader) !== 0n
    case 'fixed32':
      return reader.buffer.readUInt32LE(advance(reader, 4))
    case 'fixed64':
      return String(reader.buffer.readBigUInt64LE(advance(reader, 8)))
    case 'double':
      return reader.buffer.readDoubleLE(advance(reader, 8))
    case 'message': {
      const inner = readBytes(reader)
      return decodeMessage(inner, field.of?.() ?? {}, begun, depth + 1)
    }
    default: {
      const { buffer, position, end } = readBytes(reader)
      return buffer.toString(field.type === 'text' ? 'utf8' : field.type, position, end)
    }
  }
}

function readBytes(reader: Reader): Reader {
  const length = readNumber(reader)
  const position = advance(reader, length)
  return { buffer: reader.buffer, position, end: position + length }
}

/** Steps over bytes, and gives where they begin. */
function advance(reader: Reader, length: number): number {
  const { position } = reader
  if (length > reader.end - position) throw new RangeError('a field is longer than its message')
  reader.position = position + length
  return position
}

/** A number of at most 32 bits: tags, lengths, enumerations, counts. What is longer is cut, as everywhere. */
function readNumber(reader: Reader): number {
  const first = reader.buffer[reader.position]
  if (first !== undefined && first < 0x80 && reader.position < reader.end) {
    reader.position += 1
    return first
  }
  return Number(BigInt.asUintN(32, readVarint(reader)))
}

function readVarint(reader: Reader): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.buffer[advance(reader, 1)] ?? 0
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw new RangeError('a number of more than ten bytes')
}

function skip(reader: Reader, wireType: number): void {
  if (wireType === 0) readVarint(reader)
  else if (wireType === 1) advance(reader, 8)
  else if (wireType === 2) readBytes(reader)
  else if (wireType === 5) advance(reader, 4)
  else throw new RangeError(`the wire type ${wireType}`)
}

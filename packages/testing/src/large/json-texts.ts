/** A whole JSON value as it stands in a file. */
export interface JsonText {
  /** UTF-8. Only valid until the next value, or the next bytes, are asked for. */
  readonly bytes: Buffer
  /** Of its first character, counted from 1. */
  readonly line: number
}

/** Cuts bytes into JSON values, wherever the chunks begin and end. */
export interface JsonTexts {
  /** The values that these bytes complete: all of them have to be asked for. */
  push(chunk: Uint8Array): Iterable<JsonText>
  /** What stands after the last complete value, once there are no more bytes. */
  end(): Iterable<JsonText>
}

/** How {@link createJsonTexts} cuts. */
export interface JsonTextsOptions {
  /** A value of more bytes is left out. */
  readonly maxBytes: number
  /** Told about each value that is left out, with the line where it begins. */
  readonly onTooLong: (line: number) => void
}

/** A stretch of bytes that belongs to one value. */
interface Piece extends JsonText {
  /** Whether the value ends with it. */
  readonly isLast: boolean
}

/** Finds the pieces of values in the next bytes. */
type Cutter = (bytes: Buffer) => Iterable<Piece>

const newline = 10
const quote = 34
const backslash = 92
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125]

/**
 * Finds the values of JSON lines, of one document over many lines, and of an array of documents, without parsing them.
 * The first line decides: an object that closes on its line means lines, so that a broken line costs that line only.
 */
export function createJsonTexts({ maxBytes, onTooLong }: JsonTextsOptions): JsonTexts {
  let cutter: Cutter | undefined
  let head: Buffer[] = []
  // The beginning of a value that goes on in other chunks. One buffer for all values: others would pile up until they are
  // collected.
  let store = Buffer.alloc(0)
  let length = 0
  let line = 1
  let tooLong = false

  function keep(piece: Buffer): void {
    if (length + piece.length > maxBytes && !tooLong) {
      tooLong = true
      onTooLong(line)
    }
    if (tooLong) return
    if (length + piece.length > store.length) {
      const larger = Buffer.allocUnsafe(Math.max(length + piece.length, Math.min(2 * store.length, maxBytes)))
      store.copy(larger, 0, 0, length)
      store = larger
    }
    piece.copy(store, length)
    length += piece.length
  }

  /** The whole value, once its last piece is here; `undefined` for one that is too long. */
  function finish(last: Buffer): Buffer | undefined {
    if (length === 0 && !tooLong && last.length <= maxBytes) return last
    keep(last)
    const value = tooLong ? undefined : store.subarray(0, length)
    length = 0
    tooLong = false
    return value
  }

  function* values(pieces: Iterable<Piece>): Generator<JsonText, void, void> {
    for (const piece of pieces) {
      line = piece.line
      const bytes = piece.isLast ? finish(piece.bytes) : keep(piece.bytes)
      if (bytes && !isBlank(bytes)) yield { bytes, line }
    }
  }

  /** @param over whether no more bytes of the first line are waited for */
  function* begin(over: boolean): Generator<JsonText, void, void> {
    const bytes = Buffer.concat(head)
    head = [bytes]
    const isLines = oneValuePerLine(bytes, over)
    if (isLines === undefined) return
    head = []
    cutter = isLines ? createLines() : createNested()
    yield* values(cutter(withoutMark(bytes)))
  }

  return {
    *push(chunk) {
      if (cutter) {
        yield* values(cutter(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)))
        return
      }
      head.push(Buffer.from(chunk))
      const isTooLong = head.reduce((sum, piece) => sum + piece.length, 0) > maxBytes
      // A first line that goes on and on is looked at again once it may be over.
      if (head.length === 1 || isTooLong || chunk.includes(newline)) yield* begin(isTooLong)
    },
    *end() {
      if (!cutter) yield* begin(true)
      yield* values([{ bytes: Buffer.alloc(0), line, isLast: true }])
    },
  }
}

/** Undefined: the first line is not over yet. */
function oneValuePerLine(head: Buffer, over: boolean): boolean | undefined {
  const text = withoutMark(head)
  let start = 0
  while (isSpace(text[start])) start += 1
  if (start === text.length && !over) return undefined
  if (text[start] === openBracket) return false
  if (text[start] !== openBrace) return true
  let end = text.indexOf(newline, start)
  if (end < 0 && !over) return undefined
  if (end < 0) end = text.length
  while (isSpace(text[end - 1])) end -= 1
  return text[end - 1] === closeBrace
}

function createLines(): Cutter {
  let line = 1
  return function* cut(bytes) {
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      yield { bytes: bytes.subarray(start, end), line, isLast: true }
      start = end + 1
      line += 1
    }
    yield { bytes: bytes.subarray(start), line, isLast: false }
  }
}

/** Values that nest over lines. The brackets of an outermost array are seen through: its elements are the values. */
function createNested(): Cutter {
  let line = 1
  let startLine = 1
  let depth = 0
  let inString = false
  let afterBackslash = false
  return function* cut(bytes) {
    let start = depth > 0 ? 0 : -1
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index]
      if (byte === newline) line += 1
      if (inString) {
        if (afterBackslash) afterBackslash = false
        else if (byte === backslash) afterBackslash = true
        else if (byte === quote) inString = false
      } else if (byte === quote) {
        inString = depth > 0
      } else if (byte === openBrace || (byte === openBracket && depth > 0)) {
        if (depth === 0) [start, startLine] = [index, line]
        depth += 1
      } else if ((byte === closeBrace || byte === closeBracket) && depth > 0) {
        depth -= 1
        if (depth > 0) continue
        yield { bytes: bytes.subarray(start, index + 1), line: startLine, isLast: true }
        start = -1
      }
    }
    if (start >= 0) yield { bytes: bytes.subarray(start), line: startLine, isLast: false }
  }
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function isBlank(bytes: Buffer): boolean {
  return isSpace(bytes[0]) ? bytes.every(isSpace) : bytes.length === 0
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === newline
}

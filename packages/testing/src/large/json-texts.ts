import { createSplitValue } from './split-value.ts'

/** A whole JSON value as it stands in a file. */
export interface JsonText {
  /** UTF-8. Only valid until the next bytes are pushed. */
  readonly bytes: Buffer
  /** Of its first character, counted from 1. */
  readonly line: number
}

/** Cuts bytes into JSON values, wherever the chunks begin and end. */
export interface JsonTexts {
  /** The values that these bytes complete. */
  push(chunk: Uint8Array): JsonText[]
  /** What stands after the last complete value, once there are no more bytes. */
  end(): JsonText[]
}

/** How {@link createJsonTexts} cuts. */
export interface JsonTextsOptions {
  /** A value of more bytes is left out. */
  readonly maxBytes: number
  /** Told about each value that is left out, with the line where it begins. */
  readonly onTooLong: (line: number) => void
}

const newline = 10
const quote = 34
const backslash = 92
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125]

/**
 * Finds the values of JSON lines, of one document over many lines, and of an array of documents, without parsing them.
 * The first line decides: an object that closes on its line means lines, so that a broken line costs that line only.
 */
export function createJsonTexts(options: JsonTextsOptions): JsonTexts {
  let cutter: JsonTexts | undefined
  let pieces: Buffer[] = []
  let length = 0

  return {
    push(chunk) {
      if (cutter) return cutter.push(chunk)
      pieces.push(Buffer.from(chunk))
      length += chunk.length
      // A first line that goes on and on is looked at again once it may be over.
      if (pieces.length > 1 && length <= options.maxBytes && !chunk.includes(newline)) return []
      const head = Buffer.concat(pieces)
      pieces = [head]
      const lines = oneValuePerLine(head, length > options.maxBytes)
      if (lines === undefined) return []
      pieces = []
      cutter = lines ? createLines(options) : createNested(options)
      return cutter.push(withoutMark(head))
    },
    end() {
      const head = Buffer.concat(pieces)
      cutter ??= oneValuePerLine(head, true) === true ? createLines(options) : createNested(options)
      return [...cutter.push(withoutMark(head)), ...cutter.end()]
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

function createLines({ maxBytes, onTooLong }: JsonTextsOptions): JsonTexts {
  const split = createSplitValue(maxBytes, onTooLong)
  let line = 1

  function finish(last: Buffer, found: JsonText[]): void {
    const bytes = split.finish(last, line)
    if (bytes !== undefined && !isBlank(bytes)) found.push({ bytes, line })
    line += 1
  }

  return {
    push(chunk) {
      const found: JsonText[] = []
      const bytes = asBuffer(chunk)
      let start = 0
      split.arrive()
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        finish(bytes.subarray(start, end), found)
        start = end + 1
      }
      if (start < bytes.length) split.keep(bytes.subarray(start), line)
      return found
    },
    end() {
      const found: JsonText[] = []
      split.arrive()
      finish(Buffer.alloc(0), found)
      return found
    },
  }
}

/** Values that nest over lines. The brackets of an outermost array are seen through: its elements are the values. */
function createNested({ maxBytes, onTooLong }: JsonTextsOptions): JsonTexts {
  const split = createSplitValue(maxBytes, onTooLong)
  let line = 1
  let startLine = 1
  let depth = 0
  let inString = false
  let afterBackslash = false

  function finish(last: Buffer, found: JsonText[]): void {
    const bytes = split.finish(last, startLine)
    if (bytes !== undefined) found.push({ bytes, line: startLine })
  }

  return {
    push(chunk) {
      const found: JsonText[] = []
      const bytes = asBuffer(chunk)
      let start = depth > 0 ? 0 : -1
      split.arrive()
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
          finish(bytes.subarray(start, index + 1), found)
          start = -1
        }
      }
      if (start >= 0) split.keep(bytes.subarray(start), startLine)
      return found
    },
    end() {
      const found: JsonText[] = []
      split.arrive()
      if (depth > 0) finish(Buffer.alloc(0), found)
      depth = 0
      return found
    },
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
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

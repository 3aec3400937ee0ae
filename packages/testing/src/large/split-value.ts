/** The bytes of a value whose beginning came in other chunks than its end. */
export interface SplitValue {
  /** Keeps a beginning, or a middle; the chunk that it is in may be used again. */
  keep(piece: Uint8Array, line: number): void
  /**
   * The whole value, once its last piece is here; `undefined` for one that is too long. Valid until something is kept, so
   * nothing of a chunk may be kept before the values that it completed have been read: {@link arrive} is for that.
   */
  finish(last: Buffer, line: number): Buffer | undefined
  /** The next chunk is here. */
  arrive(): void
}

/** @param onTooLong told about each value of more bytes, with its line, once */
export function createSplitValue(maxBytes: number, onTooLong: (line: number) => void): SplitValue {
  // One for all values: buffers of their own would pile up until they are collected.
  let store = Buffer.alloc(0)
  let length = 0
  let tooLong = false
  let waiting: { readonly piece: Buffer; readonly line: number } | undefined

  function add(piece: Buffer, line: number): void {
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

  function arrive(): void {
    if (waiting !== undefined) add(waiting.piece, waiting.line)
    waiting = undefined
  }

  return {
    arrive,
    keep(piece, line) {
      arrive()
      waiting = { piece: Buffer.from(piece), line }
    },
    finish(last, line) {
      if (length === 0 && !tooLong && last.length <= maxBytes) return last
      add(last, line)
      const value = tooLong ? undefined : store.subarray(0, length)
      length = 0
      tooLong = false
      return value
    },
  }
}

/** Arguments of every adapter's `retryLater`. */
export interface RetryOptions {
  /** The topic or queue, as the client's own sends name it. @default where the message came from */
  readonly to?: string | undefined
  /** What the handler failed with. The attempt has then failed, even if its handler returns. @default none */
  readonly error?: unknown
  /** ms that the copy is to wait: by the broker where it can, else by whoever consumes it. @default 0 */
  readonly delay?: number | undefined
}

/** Arguments of every adapter's `deadLetter`. */
export interface DeadLetterOptions {
  /** The topic or queue, as the client's own sends name it. */
  readonly to: string
  /** What the handler failed with. The attempt has then failed, even if its handler returns. @default none */
  readonly error?: unknown
}

/** Arguments of every adapter's `redrive`. */
export interface RedriveOptions {
  /** The topic or queue, as the client's own sends name it. @default where the message says it was at first */
  readonly to?: string | undefined
}

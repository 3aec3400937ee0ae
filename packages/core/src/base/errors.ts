/** What errors of ours are known by, whatever their text. `docs/errors.md` says what to do about each. */
export type ErrorCode = 'ERR_TRACEBATON_DESTINATION' | 'ERR_TRACEBATON_QUEUE'

/** An error about how one of our functions was called. */
export function codedError(code: ErrorCode, message: string): TypeError & { readonly code: ErrorCode } {
  return Object.assign(new TypeError(message), { code })
}

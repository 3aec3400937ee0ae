import { types } from 'node:util'
import { boundedName } from './bounds.ts'

/** What errors of ours are known by, whatever their text. `docs/errors.md` says what to do about each. */
export type ErrorCode =
  | 'ERR_TRACEBATON_ARGUMENT'
  | 'ERR_TRACEBATON_CLIENT'
  | 'ERR_TRACEBATON_DESTINATION'
  | 'ERR_TRACEBATON_QUEUE'

/** An error about how one of our functions was called. */
export function codedError(code: ErrorCode, message: string): TypeError & { readonly code: ErrorCode } {
  return Object.assign(new TypeError(message), { code })
}

/** The `error.type` of anything that can be thrown: its name or class, never its text. Never throws. */
export function errorTypeOf(error: unknown): string {
  try {
    if (!isError(error)) return typeof error === 'object' || error === undefined ? '_OTHER' : typeof error
    const { name } = error
    return boundedType(typeof name === 'string' && name !== '' && name !== 'Error' ? name : error.constructor?.name)
  } catch {
    return '_OTHER'
  }
}

/** How a call of the user's code, or of the client's, ended. */
export type Ending =
  | { readonly failed: false; readonly value: unknown }
  | { readonly failed: true; readonly error: unknown }

/** The `error.type` of a call that failed. */
export function errorTypeOfEnding(ending: Ending): string | undefined {
  return ending.failed ? errorTypeOf(ending.error) : undefined
}

/** An `error.type` as it may be shown: at most 128 characters. */
export function boundedType(type: unknown): string {
  return (typeof type === 'string' && boundedName(type, 128)) || 'Error'
}

/** Whether something thrown is an error, even one of another realm. */
export function isError(error: unknown): error is Error {
  return types.isNativeError(error) || error instanceof Error
}

/** What an error says, or what was thrown in place of one. */
export function messageOf(error: unknown): string | undefined {
  return isError(error) ? error.message : typeof error === 'string' ? error : undefined
}

import { errorTypeOf, isError } from '../base/call.ts'

/** What a moved message says of the failure behind the move. Messages and stacks may hold what is personal or secret. */
export interface FailurePolicy {
  /** The error's message, up to 256 characters. @default true */
  readonly errorMessage?: boolean | undefined
  /** The error's stack, up to 4,096 characters. @default false */
  readonly errorStack?: boolean | undefined
  /**
   * Has the last word on either text, before it is cut: gives what may be said, or `undefined` to say nothing. When it
   * throws, nothing is said. Credentials in URLs are already gone. @default the text as it is
   */
  readonly redact?: ((text: string, part: 'message' | 'stack', error: unknown) => string | undefined) | undefined
}

/** A failure in words that fit into headers. */
export interface Failure {
  readonly errorType: string
  readonly errorMessage?: string | undefined
  readonly errorStack?: string | undefined
}

/** Puts a failure into words, as far as the policy goes. May throw what the error's own getters throw. */
export function describeFailure(
  error: unknown,
  policy: FailurePolicy,
  ask: (question: () => string | undefined) => string | undefined,
): Failure {
  const say = (part: 'message' | 'stack', text: string | undefined): string | undefined => {
    if (typeof text !== 'string') return undefined
    const { redact } = policy
    const clean = withoutCredentials(text)
    const said = redact === undefined ? clean : ask(() => redact(clean, part, error))
    if (typeof said !== 'string') return undefined
    return part === 'stack' ? headerStack(said) : headerText(said)
  }
  return {
    errorType: headerText(errorTypeOf(error)) ?? '_OTHER',
    errorMessage: policy.errorMessage === false ? undefined : say('message', messageOf(error)),
    errorStack: policy.errorStack === true && isError(error) ? say('stack', error.stack) : undefined,
  }
}

/** What an error says, or what was thrown in place of one. */
export function messageOf(error: unknown): string | undefined {
  return isError(error) ? error.message : typeof error === 'string' ? error : undefined
}

/** A text that every broker takes as a header: up to 256 characters, none of them for control or broken, not empty. */
export function headerText(text: string): string | undefined {
  return fit(text, 256, '…')
}

/** The same for a stack: up to 4,096 characters. */
export function headerStack(text: string): string | undefined {
  return fit(text, 4096, '\n… (cut)')
}

/** @param mark what stands at the end of a text that was cut */
function fit(text: string, most: number, mark: string): string | undefined {
  const cut = text.length > most ? text.slice(0, most - mark.length) : text
  const whole = cut === text ? text : cut.replace(/[\uD800-\uDBFF]$/, '') + mark
  return whole.replace(/(?![\t\n\r])[\p{Cc}\p{Cn}\p{Cs}]/gu, ' ').trim() || undefined
}

/** `scheme://user:password@host`: a password may hold any character but a space, and even an `@`. */
function withoutCredentials(text: string): string {
  return text.replace(/[^\s"'<>]+/g, (word) => {
    const start = word.indexOf('://')
    const end = word.lastIndexOf('@')
    return start >= 0 && end > start ? `${word.slice(0, start + 3)}***${word.slice(end)}` : word
  })
}

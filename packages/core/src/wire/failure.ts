import { errorTypeOf, isError, messageOf } from '../base/error.ts'
import { headerStack, headerText, withoutCredentials } from '../base/text.ts'

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

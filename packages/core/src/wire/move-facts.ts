import type { Fields, Headers } from './carrier.ts'
import type { Failure, MoveFacts } from './history.ts'
import type { Redact, Report } from '../base/report.ts'
import { boundedName, boundedStack, boundedText } from '../base/bounds.ts'
import { FACT_HEADERS, FACTS_HEADER } from '../base/names.ts'
import { errorTypeOf, isError, messageOf } from '../base/errors.ts'

type Fact = keyof typeof FACT_HEADERS

const FACTS = Object.keys(FACT_HEADERS) as readonly Fact[]

/** All headers of facts. */
export const FACT_NAMES: readonly string[] = [...Object.values(FACT_HEADERS), FACTS_HEADER]

/** In JSON a fact goes by its header's name without our prefix. */
const shortName = (fact: Fact): string => FACT_HEADERS[fact].slice('tracebaton-'.length)

/** Bytes of a header. Longer ones are not ours. */
const LONGEST = 16_384
const LONGEST_JSON = 2 * LONGEST

/** The facts on a message; `undefined` on one that was never moved. What cannot be read is left out. Never throws. */
export function readMoveFacts(headers: Headers): MoveFacts | undefined {
  if (!headers.has(FACT_HEADERS.attempts) && !headers.has(FACTS_HEADER)) return undefined
  const packed = unpack(headers.text(FACTS_HEADER, LONGEST_JSON))
  const facts: { [Key in Fact]?: string | number | undefined } = {}
  for (const fact of FACTS) {
    const text = headers.text(FACT_HEADERS[fact], LONGEST) ?? packed[shortName(fact)]
    if (typeof text !== 'string' || text === '') continue
    if (fact === 'attempts') facts.attempts = /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined
    else if (fact === 'errorStack') facts.errorStack = boundedStack(text)
    else facts[fact] = fact === 'errorMessage' ? boundedText(text) : boundedName(text) || undefined
  }
  return facts as MoveFacts
}

/** The facts as headers of their own. */
export function writeMoveFacts(facts: MoveFacts): Fields {
  const fields: Record<string, string> = {}
  for (const fact of FACTS) {
    const value = facts[fact]
    if (value !== undefined) fields[FACT_HEADERS[fact]] = String(value)
  }
  return fields
}

/** The same as one header. */
export function packMoveFacts(facts: MoveFacts): Fields {
  const entries = FACTS.flatMap((fact) => (facts[fact] === undefined ? [] : [[shortName(fact), String(facts[fact])]]))
  return { [FACTS_HEADER]: JSON.stringify(Object.fromEntries(entries)) }
}

function unpack(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** What a moved message says of the failure behind the move. Messages and stacks may hold what is personal or secret. */
export interface FailurePolicy {
  /** The error's message, up to 256 characters. @default true */
  readonly errorMessage?: boolean | undefined
  /** The error's stack, up to 4,096 characters. @default false */
  readonly errorStack?: boolean | undefined
  /**
   * Has the last word on either text before it is cut, here, on spans and in reports to `onError`: gives what may be said,
   * or `undefined` to say nothing. When it throws, nothing is said. Credentials in URLs are already gone, and all beyond
   * 16,384 characters. @default the text as it is
   */
  readonly redact?: Redact | undefined
}

/** Puts a failure into words, as far as the policy goes. May throw what the error's own getters throw. */
export function describeFailure(error: unknown, policy: FailurePolicy, report: Pick<Report, 'redact'>): Failure {
  const message = policy.errorMessage === false ? undefined : report.redact(messageOf(error), 'message', error)
  const stack = policy.errorStack === true && isError(error) ? report.redact(error.stack, 'stack', error) : undefined
  return {
    errorType: errorTypeOf(error),
    errorMessage: boundedText(message ?? ''),
    errorStack: boundedStack(stack ?? ''),
  }
}

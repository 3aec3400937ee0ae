import { aboutNothing, findingText, type Finding } from '../rules/finding.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { waterfall } from '../pictures/waterfall.ts'

/** The most findings that a message spells out. */
const MOST = 8

/**
 * What the assertions throw. Test runners that show `expected` and `actual` side by side find them on it; `findings` is
 * for programs. Its name is its own, because of an `AssertionError` Jest shows the values first, and nothing where there
 * are none.
 */
export class TraceAssertionError extends Error {
  override readonly name = 'TraceAssertionError'
  readonly findings: readonly Finding[]
  /** The message without the picture. */
  readonly summary: string
  readonly expected?: unknown
  readonly actual?: unknown
  /** For runners that ask before they print a comparison. */
  readonly showDiff: boolean

  /** @param recorded what stands between the findings and the picture */
  constructor(findings: readonly Finding[], spans: readonly RecordedSpan[], recorded = 'Recorded:') {
    const summary = summaryOf(findings)
    const picture = waterfall(spans, { width: 100, colors: false, limit: 60 })
    super(`${summary}\n\n${recorded}\n${picture}`)
    this.findings = findings
    this.summary = summary
    const compared = findings.find(({ expected }) => expected !== undefined)
    this.showDiff = compared !== undefined
    if (compared) {
      this.expected = compared.expected
      this.actual = compared.actual
    }
  }
}

function summaryOf(findings: readonly Finding[]): string {
  const texts = findings.slice(0, MOST).map(findingText)
  if (findings.length > MOST) texts.push(`… and ${findings.length - MOST} more findings`)
  return texts.join('\n')
}

let latest: TraceAssertionError | undefined

/** Remembers what a matcher found, for which its runner throws an error of its own. */
export function keepFailure(error: TraceAssertionError): void {
  latest = error
}

/** What an assertion found, where an error says it: that of the assertion, or of a runner whose matcher asserted it. */
export function failureIn(error: unknown): TraceAssertionError | undefined {
  if (error instanceof TraceAssertionError) return error
  return latest && error instanceof Error && error.message.endsWith(latest.message) ? latest : undefined
}

/**
 * Throws what was found.
 *
 * @param subject what has to be among the spans, or there is nothing to judge and the assertion fails: a test whose SDK
 * was never set up would otherwise pass
 */
export function assertNothingFound(
  spans: readonly RecordedSpan[],
  findings: readonly Finding[],
  subject: { readonly found: boolean; readonly name: string; readonly rule: string },
): true {
  if (findings.length > 0) throw new TraceAssertionError(findings, spans)
  if (subject.found) return true
  const { name, rule } = subject
  const problem = `There is nothing to judge: of ${spans.length} spans none is ${name}.`
  throw new TraceAssertionError([{ ...aboutNothing, rule, problem }], spans)
}

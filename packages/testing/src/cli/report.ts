import { countText } from '../text/count-text.ts'
import type { Finding } from '../rules/finding.ts'
import type { OtlpProblem } from '../large/read-otlp.ts'
import type { Judgement, Rule } from '../rules/rule.ts'

/** What a rule found: all of it counted, some of it kept. */
export interface RuleReport {
  readonly rule: Rule
  /** Whether there was something that the rule is about. */
  applied: boolean
  count: number
  readonly kept: Finding[]
}

/** What `check` found. Its size is bounded, whatever it is told. */
export interface Report {
  readonly rules: readonly RuleReport[]
  /** Of all rules. */
  readonly total: number
  readonly problems: readonly (OtlpProblem & { readonly file: string })[]
  /** Problems beyond those that are kept. */
  readonly moreProblems: number
  readonly spans: number
  readonly stories: number
  readonly bytes: number
  readonly passes: number
  /** Spans of stories that are too large to be judged as a whole. */
  readonly unjudged: number
  seconds: number
  /** Takes what rules say of some of the spans; findings that were not asked for are dropped. */
  add(judgements: readonly Judgement[]): void
  addProblem(problem: OtlpProblem, file: string): void
  count(what: 'spans' | 'stories' | 'bytes' | 'unjudged', number: number): void
  setPasses(passes: number): void
}

const mostProblems = 20

/**
 * @param wanted ids of rules, or of parts of them; empty: everything
 * @param max findings that are kept for each rule
 */
export function createReport(
  rules: readonly Rule[],
  wanted: readonly string[],
  ignored: readonly string[],
  max: number,
): Report {
  const reports = new Map(
    rules.map((rule): [string, RuleReport] => [rule.id, { rule, applied: false, count: 0, kept: [] }]),
  )
  const counted = { spans: 0, stories: 0, bytes: 0, unjudged: 0 }
  const problems: (OtlpProblem & { readonly file: string })[] = []
  let moreProblems = 0
  let passes = 1

  return {
    rules: [...reports.values()],
    problems,
    seconds: 0,
    get total() {
      return [...reports.values()].reduce((sum, { count }) => sum + count, 0)
    },
    get moreProblems() {
      return moreProblems
    },
    get spans() {
      return counted.spans
    },
    get stories() {
      return counted.stories
    },
    get bytes() {
      return counted.bytes
    },
    get unjudged() {
      return counted.unjudged
    },
    get passes() {
      return passes
    },
    add(judgements) {
      for (const { rule, applied, findings } of judgements) {
        const report = reports.get(rule.id)
        if (!report) continue
        report.applied ||= applied
        for (const finding of findings) {
          if (wanted.length > 0 && !wanted.some((id) => covers(id, finding.rule))) continue
          if (ignored.some((id) => covers(id, finding.rule))) continue
          report.count += 1
          if (report.kept.length < max) report.kept.push(finding)
        }
      }
    },
    addProblem(problem, file) {
      if (problems.length < mostProblems) problems.push({ ...problem, file })
      else moreProblems += 1
    },
    count(what, number) {
      counted[what] += number
    },
    setPasses(number) {
      passes = number
    },
  }
}

function covers(id: string, rule: string): boolean {
  return rule === id || rule.startsWith(`${id}/`)
}

/** Why a rule that found nothing does not say that all is well. Undefined: it does. */
export function openReason({ rule, applied }: RuleReport, report: Report): string | undefined {
  const missed = unjudgedBy(rule, report)
  if (missed > 0) return `${countText(missed, 'span')} not judged`
  return applied ? undefined : `nothing to judge: no span is ${rule.subject}`
}

/** How many spans a rule could not judge. One that looks at a span at a time judges all that were read. */
function unjudgedBy({ single }: Rule, { unjudged }: Report): number {
  return single === true ? 0 : unjudged
}

/** Where a finding can be looked up in a backend: the span it is about. */
export function placeOf({ spans: [span] }: Finding): string {
  return span ? `trace ${span.traceId}  span ${span.spanId}` : ''
}

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
  /** Findings of all rules. */
  total: number
  readonly problems: (OtlpProblem & { readonly file: string })[]
  /** Problems beyond those that are kept. */
  moreProblems: number
  spans: number
  stories: number
  bytes: number
  passes: number
  /** Spans of stories that are too large to be judged as a whole. */
  unjudged: number
  seconds: number
  /** Takes what rules say of some of the spans; findings that were not asked for are dropped. */
  add(judgements: readonly Judgement[]): void
  readonly addProblem: (problem: OtlpProblem, file: string) => void
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
  const report: Report = {
    rules: [...reports.values()],
    total: 0,
    problems: [],
    moreProblems: 0,
    spans: 0,
    stories: 0,
    bytes: 0,
    passes: 1,
    unjudged: 0,
    seconds: 0,
    add(judgements) {
      for (const { rule, applied, findings } of judgements) {
        const ofRule = reports.get(rule.id)
        if (!ofRule) continue
        ofRule.applied ||= applied
        for (const finding of findings) {
          if (wanted.length > 0 && !wanted.some((id) => covers(id, finding.rule))) continue
          if (ignored.some((id) => covers(id, finding.rule))) continue
          ofRule.count += 1
          report.total += 1
          if (ofRule.kept.length < max) ofRule.kept.push(finding)
        }
      }
    },
    addProblem(problem, file) {
      if (report.problems.length < mostProblems) report.problems.push({ ...problem, file })
      else report.moreProblems += 1
    },
  }
  return report
}

function covers(id: string, rule: string): boolean {
  return rule === id || rule.startsWith(`${id}/`)
}

/**
 * Why a rule that found nothing does not say that all is well. Undefined: it does. One that looks at a span at a time
 * judges all that were read.
 */
export function openReason({ rule, applied }: RuleReport, { unjudged }: Report): string | undefined {
  if (unjudged > 0 && rule.single !== true) return `${countText(unjudged, 'span')} not judged`
  return applied ? undefined : `nothing to judge: no span is ${rule.subject}`
}

/** Where a finding can be looked up in a backend: the span it is about. */
export function placeOf({ spans: [span] }: Finding): string {
  return span ? `trace ${span.traceId}  span ${span.spanId}` : ''
}

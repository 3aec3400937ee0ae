import { findingText } from '../rules/finding.ts'
import { nothingJudged } from '../rules/rule.ts'
import { escaped } from '../pictures/markup.ts'
import { openReason, placeOf, type Report, type RuleReport } from './report.ts'
import { summaryLines } from './report-text.ts'

interface Suite {
  readonly name: string
  readonly cases: readonly string[]
  readonly failures: number
  readonly errors: number
  readonly isSkipped: boolean
}

/** A report as JUnit XML, which most CI systems show: a suite per rule, a failed case per finding. */
export function junitReport(report: Report): string {
  const suites = report.rules.map((ruleReport) => suiteOf(ruleReport, report))
  const { problems, moreProblems, unjudged, rules, seconds } = report
  if (problems.length + moreProblems + unjudged > 0 || nothingJudged(rules).length > 0) {
    const error = `<error>${linesOf(summaryLines(report).join('\n'))}</error>`
    const cases = [testCase('input', 'everything can be read and judged', error)]
    suites.push({ name: 'input', cases, failures: 0, errors: 1, isSkipped: false })
  }
  const sum = (count: (suite: Suite) => number): number => suites.reduce((total, suite) => total + count(suite), 0)
  const counts = `tests="${sum(({ cases }) => cases.length)}" failures="${sum(({ failures }) => failures)}" errors="${sum(({ errors }) => errors)}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tracebaton check" ${counts} time="${seconds.toFixed(3)}">`,
    ...suites.map(suiteText),
    '</testsuites>',
    '',
  ].join('\n')
}

function suiteText({ name, cases, failures, errors, isSkipped }: Suite): string {
  const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}"${isSkipped ? ' skipped="1"' : ''}`
  return `  <testsuite name="${escaped(name)}" ${counts}>\n${cases.join('\n')}\n  </testsuite>`
}

function suiteOf(ruleReport: RuleReport, report: Report): Suite {
  const { rule, count, kept } = ruleReport
  const name = count > kept.length ? `${rule.id} (${count} found, ${kept.length} shown)` : rule.id
  const failed = kept.map((finding) => {
    const text = linesOf(`${findingText(finding)}\n  at       ${placeOf(finding)}`)
    const failure = `<failure type="${escaped(finding.rule)}" message="${escaped(finding.problem)}">${text}</failure>`
    return testCase(rule.id, `${finding.message}: ${finding.hop}`, failure)
  })
  // However few findings are shown, a rule that is broken is a failure.
  if (count > 0 && failed.length === 0)
    failed.push(testCase(rule.id, rule.title, `<failure message="${count} found"/>`))
  const reason = count === 0 ? openReason(ruleReport, report) : undefined
  const skipped = reason === undefined ? '' : `<skipped message="${escaped(reason)}"/>`
  const cases = failed.length > 0 ? failed : [testCase(rule.id, rule.title, skipped)]
  return { name, cases, failures: failed.length, errors: 0, isSkipped: reason !== undefined }
}

function testCase(id: string, name: string, content: string): string {
  return `    <testcase classname="tracebaton.${escaped(id)}" name="${escaped(name)}">${content}</testcase>`
}

function linesOf(text: string): string {
  return text.split('\n').map(escaped).join('\n')
}

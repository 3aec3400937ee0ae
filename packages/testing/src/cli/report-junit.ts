import { findingText } from '../rules/finding.ts'
import { nothingJudged } from '../rules/rule.ts'
import { escaped } from '../pictures/svg-element.ts'
import { openReason, placeOf, type Report, type RuleReport } from './report.ts'
import { summaryLines } from './report-text.ts'

/** A report as JUnit XML, which most CI systems show: a suite per rule, a failed case per finding. */
export function junitReport(report: Report): string {
  const suites = report.rules.map((ruleReport) => {
    const { rule, count, kept } = ruleReport
    const cases = kept.map((finding) => {
      const text = `${findingText(finding)}\n  at       ${placeOf(finding)}`
      return [
        `    <testcase classname="tracebaton.${escaped(rule.id)}" name="${escaped(`${finding.message}: ${finding.hop}`)}">`,
        `      <failure type="${escaped(finding.rule)}" message="${escaped(finding.problem)}">${linesOf(text)}</failure>`,
        '    </testcase>',
      ].join('\n')
    })
    // However few findings are shown, a rule that is broken is a failure.
    if (count > 0 && cases.length === 0) {
      cases.push(
        `    <testcase classname="tracebaton.${escaped(rule.id)}" name="${escaped(rule.title)}"><failure message="${count} found"/></testcase>`,
      )
    }
    const more = count > kept.length ? ` (${count} found, ${kept.length} shown)` : ''
    const reason = count === 0 ? openReason(ruleReport, report) : undefined
    const skipped = reason === undefined ? '' : `<skipped message="${escaped(reason)}"/>`
    const sound = `    <testcase classname="tracebaton.${escaped(rule.id)}" name="${escaped(rule.title)}">${skipped}</testcase>`
    return [
      `  <testsuite name="${escaped(rule.id + more)}" tests="${Math.max(1, cases.length)}" failures="${cases.length}" errors="0"${skipped === '' ? '' : ' skipped="1"'}>`,
      ...(cases.length === 0 ? [sound] : cases),
      '  </testsuite>',
    ].join('\n')
  })
  const tests = report.rules.reduce((sum, rule) => sum + Math.max(1, failuresOf(rule)), 0)
  const failures = report.rules.reduce((sum, rule) => sum + failuresOf(rule), 0)
  const problems = report.problems.length + report.moreProblems
  const unread =
    problems === 0 && report.unjudged === 0 && nothingJudged(report.rules).length === 0
      ? []
      : [
          `  <testsuite name="input" tests="1" failures="0" errors="1">`,
          `    <testcase classname="tracebaton.input" name="everything can be read and judged"><error>${linesOf(summaryLines(report).join('\n'))}</error></testcase>`,
          '  </testsuite>',
        ]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tracebaton check" tests="${tests + (unread.length > 0 ? 1 : 0)}" failures="${failures}" errors="${unread.length > 0 ? 1 : 0}" time="${report.seconds.toFixed(3)}">`,
    ...suites,
    ...unread,
    '</testsuites>',
    '',
  ].join('\n')
}

function failuresOf({ count, kept }: RuleReport): number {
  return count > 0 ? Math.max(1, kept.length) : 0
}

function linesOf(text: string): string {
  return text.split('\n').map(escaped).join('\n')
}

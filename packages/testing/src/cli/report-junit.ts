import { countText } from '../count-text.ts'
import { findingText } from '../finding.ts'
import { escaped } from '../svg-element.ts'
import { placeOf, unjudgedBy, type Report } from './report.ts'
import { summaryLines } from './report-text.ts'

/** A report as JUnit XML, which most CI systems show: a suite per rule, a failed case per finding. */
export function junitReport(report: Report): string {
  const suites = report.rules.map(({ rule, count, kept }) => {
    const cases = kept.map((finding) => {
      const text = `${findingText(finding)}\n  at       ${placeOf(finding)}`
      return [
        `    <testcase classname="tracebaton.${escaped(rule.id)}" name="${escaped(`${finding.message}: ${finding.hop}`)}">`,
        `      <failure type="${escaped(finding.rule)}" message="${escaped(finding.problem)}">${linesOf(text)}</failure>`,
        '    </testcase>',
      ].join('\n')
    })
    const more = count > kept.length ? ` (${count} found, ${kept.length} shown)` : ''
    const missed = unjudgedBy(rule, report)
    const skips = kept.length === 0 && (missed > 0 || report.spans === 0)
    const skipped = skips ? `<skipped message="${countText(missed, 'span')} not judged"/>` : ''
    const sound = `    <testcase classname="tracebaton.${escaped(rule.id)}" name="${escaped(rule.title)}">${skipped}</testcase>`
    return [
      `  <testsuite name="${escaped(rule.id + more)}" tests="${Math.max(1, kept.length)}" failures="${kept.length}" errors="0"${skips ? ' skipped="1"' : ''}>`,
      ...(cases.length === 0 ? [sound] : cases),
      '  </testsuite>',
    ].join('\n')
  })
  const tests = report.rules.reduce((sum, { kept }) => sum + Math.max(1, kept.length), 0)
  const failures = report.rules.reduce((sum, { kept }) => sum + kept.length, 0)
  const problems = report.problems.length + report.moreProblems
  const unread =
    problems === 0 && report.unjudged === 0 && report.spans > 0
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

function linesOf(text: string): string {
  return text.split('\n').map(escaped).join('\n')
}

import { createPaint } from '../text/colors.ts'
import { countText } from '../text/count-text.ts'
import { clean } from '../text/display-text.ts'
import { findingText } from '../rules/finding.ts'
import { nothingJudged } from '../rules/rule.ts'
import { openReason, placeOf, type Report } from './report.ts'

/** A report for people. */
export function textReport(report: Report, colors: boolean): string {
  const paint = createPaint(colors)
  const lines: string[] = []
  for (const ruleReport of report.rules) {
    const { rule, count, kept } = ruleReport
    const reason = openReason(ruleReport, report)
    const sound = reason === undefined ? paint('✓', 'ok') : paint('–', 'quiet')
    const mark = count === 0 ? sound : paint('✗', 'failed')
    const found = count === 0 ? '' : paint(`  ${count} found`, 'failed')
    const open = reason === undefined ? '' : paint(`  ${reason}`, 'quiet')
    lines.push(`${mark} ${paint(rule.id, 'title')}  ${rule.title}${found}${open}`)
    for (const finding of kept) {
      const [problem = '', ...rest] = findingText(finding).split('\n')
      const place = placeOf(finding)
      lines.push('', `    ${problem}`, ...rest.map((line) => `    ${line}`))
      if (place !== '') lines.push(`      ${paint(`at       ${clean(place)}`, 'quiet')}`)
    }
    if (count > kept.length && kept.length > 0) lines.push('', `    … ${count - kept.length} more`)
    if (kept.length > 0) lines.push('')
  }
  return `${[...lines, ...summaryLines(report)].join('\n')}\n`
}

/** What was read, and what was not. */
export function summaryLines(report: Report): string[] {
  const { spans, stories, bytes, seconds, passes, problems, moreProblems, unjudged, total } = report
  const megabytes = bytes / 1e6
  const memory = Math.round(process.resourceUsage().maxRSS / 1000)
  const how = passes > 1 ? `in ${stories === 1 ? '1 story' : `${stories} stories`}, ${passes} passes` : 'as a whole'
  const lines = problems.map(
    ({ file, line, reason, unfinished }) =>
      `${clean(file)}:${line}: ${reason}, left out${unfinished ? ' (its writer was still at it, or was ended)' : ''}`,
  )
  if (moreProblems > 0) lines.push(`… ${moreProblems} more pieces could not be read`)
  if (unjudged > 0) {
    lines.push(`${unjudged} spans are in stories too large for the memory: judged one by one only, not their relations`)
  }
  if (spans === 0) lines.push('There are no spans.')
  else lines.push(...nothingText(report))
  // Of a small file the speed says only how long the program takes to start.
  const traffic =
    megabytes < 1
      ? ''
      : `: ${megabytes.toFixed(1)} MB in ${seconds.toFixed(1)} s (${(megabytes / Math.max(seconds, 0.001)).toFixed(0)} MB/s), at most ${memory} MB of memory`
  lines.push(`${total === 0 ? 'nothing' : total} found in ${countText(spans, 'span')}, judged ${how}${traffic}`)
  return lines
}

/** That nothing was judged of what was asked, where it is so. */
export function nothingText(report: Report): string[] {
  const subjects = new Set(nothingJudged(report.rules).map(({ subject }) => subject))
  return subjects.size === 0 ? [] : [`There is nothing to judge: no span is ${[...subjects].join(', or ')}.`]
}

import { countText } from '../text/count-text.ts'
import { clean } from '../text/display-text.ts'
import { findingText } from '../rules/finding.ts'
import { placeOf, type Report } from './report.ts'
import { nothingText } from './report-text.ts'

/**
 * A report as workflow commands, which GitHub shows as annotations of the run.
 *
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubReport(report: Report): string {
  const lines: string[] = []
  for (const { rule, count, kept } of report.rules) {
    for (const finding of kept) {
      lines.push(
        command('error', `tracebaton ${finding.rule}`, `${findingText(finding)}\n  at       ${placeOf(finding)}`),
      )
    }
    if (count > kept.length)
      lines.push(command('error', `tracebaton ${rule.id}`, `${count} found, ${kept.length} shown`))
  }
  for (const { file, line, reason } of report.problems) {
    lines.push(command('warning', 'tracebaton input', `${clean(file)}:${line}: ${reason}, left out`))
  }
  if (report.moreProblems > 0) {
    lines.push(command('warning', 'tracebaton input', `${report.moreProblems} more pieces could not be read`))
  }
  if (report.unjudged > 0) {
    lines.push(command('warning', 'tracebaton input', `${countText(report.unjudged, 'span')} not judged by every rule`))
  }
  for (const text of nothingText(report)) lines.push(command('error', 'tracebaton input', text))
  return lines.map((line) => `${line}\n`).join('')
}

function command(level: 'error' | 'warning', title: string, message: string): string {
  const property = data(title).replaceAll(':', '%3A').replaceAll(',', '%2C')
  return `::${level} title=${property}::${data(message)}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

import type { Measured, Verdict } from './measure.ts'

/** The page `docs/findings.md`. */
export function findingsPage(official: readonly Measured[], ours: readonly Measured[]): string {
  return [
    '# What the test kit finds in the official instrumentations',
    'Generated: five small stories, played by unchanged clients with the unchanged official instrumentations on real brokers, each in a process of its own; spans taken over OTLP; judged by the assertions of `@tracebaton/testing`, which read every version of the attribute names and ask for nothing that only our own adapters could write. To measure anew: `npx vitest run --project integration findings -u`.',
    'A story “breaks” where an assertion of the kit fails. What it printed stands below.',
    summary(official),
    'The same programs, measured in the same run by the same assertions, with the adapters of tracebaton instead: clients wrapped, handlers as their READMEs say, and `deadLetter` where a program buries a message itself.',
    summary(ours),
    ...official.flatMap(section),
    ...ours.filter((measured) => !isWhole(measured)).flatMap(section),
  ]
    .join('\n\n')
    .concat('\n')
}

function summary(measured: readonly Measured[]): string {
  const titles = measured[0]?.stories.map(({ title }) => title) ?? []
  const rows = titles.map((title, index) => {
    const answers = measured.map(({ stories }) => (stories[index]?.verdicts.every(isSound) ? 'holds' : 'breaks'))
    return [title].concat(answers)
  })
  return table(['story', ...measured.map(({ client }) => client)], rows)
}

function isWhole({ stories, rules }: Measured): boolean {
  return [...stories.flatMap(({ verdicts }) => verdicts), ...rules].every(isSound)
}

function section({ client, instrumentation, handled, stories, rules }: Measured): string[] {
  return [
    `## ${client}`,
    `\`${instrumentation}\`, ${handled} deliveries.`,
    ...stories.flatMap(({ title, verdicts }) => [`### ${title}`, ...verdicts.map(verdictText)]),
    '### Rules over all spans',
    ...rules.map(verdictText),
  ]
}

function verdictText({ claim, found, skipped }: Verdict): string {
  if (skipped !== undefined) return `- ${claim}: not judged, ${skipped}`
  if (found.length === 0) return `- ${claim}: holds`
  return `- ${claim}: **does not hold**\n\n${['```text', ...found, '```'].join('\n').replaceAll(/^(?=.)/gm, '  ')}`
}

function isSound({ found }: Verdict): boolean {
  return found.length === 0
}

/** A Markdown table as the formatter writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, index) => Math.max(3, ...[head, ...rows].map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

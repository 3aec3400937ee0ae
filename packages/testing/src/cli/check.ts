import { writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { nothingJudged, type Rule } from '../rules/rule.ts'
import { rules } from '../rules/rules.ts'
import { oneOf, UsageError, type Command, type Given } from './command.ts'
import { judgeSources } from './judge.ts'
import { createReport, type Report } from './report.ts'
import { githubReport } from './report-github.ts'
import { junitReport } from './report-junit.ts'
import { summaryLines, textReport } from './report-text.ts'
import { openSources } from './sources.ts'
import { EXIT, type Terminal } from './terminal.ts'

const formats = ['text', 'junit', 'github'] as const

/** `tracebaton check` */
export const check: Command = {
  name: 'check',
  usage: 'FILE… [options]',
  summary: 'judge spans by rules: broken hops, orphans, dangling links, leaks, conventions',
  description: [
    'Reads OTLP JSON of any size and judges it by the rules that the assertions of @tracebaton/testing use. Files of up ' +
      'to 24 MiB are judged as a whole; larger ones story by story (the way of one message), in two passes ' +
      'or more and in less than 300 MB of memory; single requests of more than 64 MiB are left out.',
  ],
  options: [
    { name: 'format', value: 'NAME', meaning: 'text (default), junit for test reports, github for annotations' },
    { name: 'out', value: 'FILE', meaning: 'write the report there, and the text to standard output' },
    { name: 'rule', value: 'ID', meaning: 'judge by this rule only; may be repeated', many: true },
    { name: 'ignore', value: 'ID', meaning: 'leave out this rule, or a part of one: conventions/names', many: true },
    { name: 'max', value: 'NUMBER', meaning: 'findings that are shown for each rule, 20 by default; all are counted' },
    { name: 'message-attribute', value: 'NAME', meaning: 'an attribute that tells messages apart, for no-leak' },
    { name: 'private-baggage', value: 'KEY', meaning: 'a baggage key that may stand on no span', many: true },
    {
      name: 'secret-from',
      value: 'VARIABLE',
      meaning: 'an environment variable whose text may stand on no span',
      many: true,
    },
    { name: 'list-rules', meaning: 'print the rules and end' },
  ],
  exitCodes: [
    [EXIT.ok, 'no rule is broken'],
    [EXIT.found, 'a rule is broken'],
    [EXIT.usage, 'the command line is not understood, or a file is not there'],
    [EXIT.input, 'no message was handled, or no rule is broken and some spans could not be read or judged'],
  ],
  async run(given, terminal) {
    if (given.has('list-rules')) {
      terminal.out(rules.map(({ id, title }) => `${id.padEnd(20)}  ${title}\n`).join(''))
      return EXIT.ok
    }
    const format = oneOf('format', given.one('format') ?? 'text', formats)
    const chosen = chooseRules(given)
    const report = createReport(chosen, given.all('rule'), given.all('ignore'), given.number('max') ?? 20)
    const options = optionsOf(given)
    const started = performance.now()
    await using sources = await openSources(given.files, terminal, given.one('out'))
    await judgeSources(sources, chosen, options, report, terminal)
    report.seconds = (performance.now() - started) / 1000
    await print(report, format, given.one('out'), terminal)
    return exitCode(report)
  },
}

function chooseRules(given: Given): readonly Rule[] {
  for (const option of ['rule', 'ignore']) {
    for (const id of given.all(option)) {
      if (rules.some((rule) => id === rule.id || id.startsWith(`${rule.id}/`))) continue
      throw new UsageError(`There is no rule ${id}. There are ${rules.map((rule) => rule.id).join(', ')}`)
    }
  }
  const wanted = given.all('rule').map((id) => id.split('/')[0])
  const ignored = given.all('ignore')
  const chosen = rules.filter(({ id }) => (wanted.length === 0 || wanted.includes(id)) && !ignored.includes(id))
  if (chosen.length === 0) throw new UsageError('--rule and --ignore leave no rule to judge by')
  return chosen
}

function optionsOf(given: Given) {
  const messageAttribute = given.one('message-attribute')
  return {
    privateBaggage: given.all('private-baggage'),
    secrets: given.all('secret-from').map((name) => {
      const secret = process.env[name]
      if (!secret) throw new UsageError(`The environment variable ${name} is empty`)
      return secret
    }),
    ...(messageAttribute === undefined ? {} : { messageAttribute }),
  }
}

async function print(
  report: Report,
  format: (typeof formats)[number],
  out: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const text = { text: textReport, junit: junitReport, github: githubReport }[format](report, terminal.colors && !out)
  if (out === undefined) {
    terminal.out(text)
    if (format !== 'text') terminal.error(`${summaryLines(report).join('\n')}\n`)
    return
  }
  await writeFile(out, text)
  terminal.out(textReport(report, terminal.colors))
}

function exitCode(report: Report): number {
  if (nothingJudged(report.rules).length > 0) return EXIT.input
  if (report.total > 0) return EXIT.found
  return report.problems.length > 0 || report.unjudged > 0 ? EXIT.input : EXIT.ok
}

import { wrapped } from '../text/wrapped.ts'
import type { Command } from './command.ts'

/** What `tracebaton --help` prints. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'Usage: tracebaton <command> [options]',
    '       tracebaton --version',
    '',
    'Checks and draws what spans say about messages: sends, attempts, dead letters and the links between them.',
    'Files are OTLP JSON, as the file exporter of the OpenTelemetry Collector writes it, also packed with gzip, and',
    'what Tempo answers; - is standard input.',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'tracebaton <command> --help says more, and what the exit codes mean.',
    '',
  ].join('\n')
}

/** What `tracebaton <command> --help` prints. */
export function helpFor(command: Command): string {
  const left = [...command.options, { name: 'help', meaning: 'print this' }].map((option) => {
    const value = 'value' in option && option.value !== undefined ? ` ${option.value}` : ''
    return [`--${option.name}${value}`, option.meaning] as const
  })
  const width = Math.max(...left.map(([text]) => text.length))
  const columns = left.map(([text, meaning]) => `  ${text.padEnd(width)}  ${filled(meaning, 98 - width, width + 4)}`)
  return [
    `Usage: tracebaton ${command.name} ${command.usage}`,
    '',
    ...command.description.flatMap((text) => [filled(text, 100, 0), '']),
    'Options:',
    ...columns,
    '',
    'Exit codes:',
    ...command.exitCodes.map(([code, meaning]) => `  ${code}  ${meaning}`),
    '',
  ].join('\n')
}

function filled(text: string, width: number, indent: number): string {
  const lines = wrapped(text.split(' '), (line) => line.join(' ').length <= width)
  return lines.map((line) => line.join(' ')).join(`\n${' '.repeat(indent)}`)
}

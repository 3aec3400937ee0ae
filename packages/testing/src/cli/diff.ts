import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { diffArrays } from 'diff'
import { createPaint } from '../text/colors.ts'
import { clean } from '../text/display-text.ts'
import { storyStructures, writeStructures } from '../pictures/structure.ts'
import { UsageError, type Command } from './command.ts'
import { beginsWith, openSources } from './sources.ts'
import { createProblems, storiesOf } from './stories.ts'
import { EXIT, type Terminal } from './terminal.ts'

/** The first line of a structure in a file, which tells it from OTLP JSON. */
export const structureMark = '# tracebaton structure'

const context = 3

// Steps and memory grow with the square of it. Nobody reads more differences: then all lines are said to differ.
const mostChanges = 2000

/** `tracebaton diff` */
export const diff: Command = {
  name: 'diff',
  usage: 'BEFORE AFTER [options]',
  summary: 'compare the shape of two recordings: spans, relations, attempts, outcomes; no ids and no times',
  description: [
    'Compares structure only: which spans there are, of which kind and service, what is below what, what links what, and ' +
      'how attempts ended. Stories of the same shape are written once, with their number. BEFORE or AFTER can also be a ' +
      'structure that tracebaton render --format structure has written, to be kept as a snapshot.',
  ],
  options: [
    { name: 'mask', value: 'REGEXP', meaning: 'written as *, for names that differ in every run', many: true },
    { name: 'ignore-counts', meaning: 'how often a story is there makes no difference' },
  ],
  exitCodes: [
    [EXIT.ok, 'the shape is the same'],
    [EXIT.found, 'the shape differs'],
    [EXIT.usage, 'the command line is not understood, or a file is not there'],
    [EXIT.input, 'the shape is the same, but a file has no spans, or some could not be read'],
  ],
  async run(given, terminal) {
    const [before, after, ...more] = given.files
    if (before === undefined || after === undefined || more.length > 0) throw new UsageError('Two files are needed')
    if (before === '-' && after === '-') throw new UsageError('- can be given once')
    const [mask, counts] = [masks(given.all('mask')), !given.has('ignore-counts')]
    const first = await structureOf(before, mask, counts, terminal)
    const second = await structureOf(after, mask, counts, terminal)
    if (first.text === second.text) {
      const whole = first.whole && second.whole
      terminal.out(whole ? 'The shape is the same.\n' : 'The shape of what could be read is the same.\n')
      return whole ? EXIT.ok : EXIT.input
    }
    terminal.out(written(linesOf(first.text, second.text), before, after, terminal.colors))
    return EXIT.found
  },
}

/**
 * Regular expressions as they stand on a command line. From now on this process gives up on one that tries too many ways
 * through a text, and begins anew with an engine whose steps grow with the text only; it knows no look-around and no
 * references back. Throws a `UsageError`.
 */
export function masks(texts: readonly string[]): RegExp[] {
  if (texts.length > 0) setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  return texts.map((text) => {
    try {
      return new RegExp(text, 'g')
    } catch {
      throw new UsageError(`--mask needs a regular expression, and ${text} is none`)
    }
  })
}

/**
 * The structure of a file, however large; of a file that is a structure already, its text. It is whole, if there are
 * spans and all of them could be read.
 */
async function structureOf(
  file: string,
  mask: readonly RegExp[],
  counts: boolean,
  terminal: Terminal,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  await using sources = await openSources([file], terminal)
  const [path = ''] = sources.files
  if (await beginsWith(path, Buffer.from(structureMark))) {
    const text = (await readFile(path, 'utf8')).replaceAll('\r', '').split('\n').slice(1).join('\n')
    return { text: counts ? text : text.replace(/^×\d+\n/gm, ''), whole: text !== '' }
  }
  const found = new Map<string, number>()
  const problems = createProblems(terminal)
  // As in a structure that a test wrote: there a link says what it leads to.
  const stories = storiesOf(sources, terminal, { batches: 'together', onProblem: problems.say })
  for await (const { spans } of stories) {
    for (const text of storyStructures(spans, { mask })) found.set(text, counts ? (found.get(text) ?? 0) + 1 : 1)
  }
  if (found.size === 0) terminal.error(`There are no spans in ${clean(sources.nameOf(path))}.\n`)
  return { text: writeStructures(found), whole: problems.count === 0 && found.size > 0 }
}

/** One line of two texts beside each other. */
interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

function linesOf(before: string, after: string): Line[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const texts = [...old, ...now]
  // Numbers are compared in one step, long lines that differ at their end are not.
  const numbers = new Map(texts.map((text, index) => [text, index]))
  const numbered = (lines: readonly string[]): number[] => lines.map((line) => numbers.get(line) ?? -1)
  const [first, second] = [numbered(old), numbered(now)]
  const changes = diffArrays(first, second, { maxEditLength: mostChanges }) ?? [
    { removed: true, added: false, value: first },
    { removed: false, added: true, value: second },
  ]
  return changes.flatMap(({ removed, added, value }) =>
    value.map((number): Line => ({ sign: removed ? '-' : added ? '+' : ' ', text: texts[number] ?? '' })),
  )
}

function written(lines: readonly Line[], before: string, after: string, colors: boolean): string {
  const paint = createPaint(colors)
  const near = (index: number): boolean =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) => sign !== ' ')
  const printed = [paint(`--- ${clean(before)}`, 'failed'), paint(`+++ ${clean(after)}`, 'ok')]
  for (const [index, { sign, text }] of lines.entries()) {
    if (near(index)) printed.push(sign === ' ' ? ` ${text}` : paint(`${sign}${text}`, sign === '-' ? 'failed' : 'ok'))
    else if (index === 0 || near(index - 1)) printed.push(paint('…', 'quiet'))
  }
  return `${printed.join('\n')}\n`
}

import { clean } from '../text/display-text.ts'
import { UsageError, readArguments, type Command } from './command.ts'
import { check } from './check.ts'
import { diff } from './diff.ts'
import { doctor } from './doctor.ts'
import { helpFor, overview } from './help.ts'
import { render } from './render.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { release } from './version.ts'
import { watch } from './watch.ts'

/** Everything that `tracebaton` can do. */
export const commands: readonly Command[] = [check, render, diff, doctor, watch]

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h'
}

/** Does what a command line says, and resolves with the exit code. Never rejects. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = words
  if (name === undefined || isHelp(name) || name === 'help') {
    const print = name === undefined ? terminal.error : terminal.out
    print(overview(commands))
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  if (name === '--version') {
    terminal.out(`${release.version}\n`)
    return EXIT.ok
  }
  const command = commands.find((candidate) => candidate.name === name)
  if (!command) {
    terminal.error(`There is no command ${clean(name)}. There are ${commands.map((known) => known.name).join(', ')}.\n`)
    return EXIT.usage
  }
  if (rest.some(isHelp)) {
    terminal.out(helpFor(command))
    return EXIT.ok
  }
  try {
    return await command.run(readArguments(command, rest), terminal)
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.error(`${clean(error.message)}. tracebaton ${name} --help says more.\n`)
      return EXIT.usage
    }
    terminal.error(`${clean(error instanceof Error ? error.message : String(error))}\n`)
    return EXIT.input
  }
}

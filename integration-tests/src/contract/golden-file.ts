import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { expect } from 'vitest'

const FOLDER = resolve(import.meta.dirname, '../../golden')

/** What the scenarios of one set-up did when the file was last written. */
export interface GoldenFile {
  /** The scenarios that have an entry. */
  readonly names: readonly string[]
  /** Expects a scenario to have done the same, or takes it as the new entry. */
  expectSame(scenario: string, text: string): void
  /** Writes the new entries. */
  save(): Promise<void>
}

/**
 * Reads a golden file. With `TRACEBATON_GOLDEN=write` it takes what scenarios do now and compares nothing; with
 * `TRACEBATON_GOLDEN=off` it does neither, for runs that prove that the scenarios by themselves catch a mistake.
 *
 * @param known the names of all scenarios: writing drops the entries of others
 * @param foreign whether it is written by another set-up: it is then compared, or not looked at
 */
export async function openGoldenFile(setUp: string, known: ReadonlySet<string>, foreign: boolean): Promise<GoldenFile> {
  const told = process.env['TRACEBATON_GOLDEN']
  const mode = foreign && told === 'write' ? 'off' : told
  const path = resolve(FOLDER, `${setUp.replaceAll(/\W+/g, '-')}.txt`)
  const stored = mode === 'off' ? [] : parse(await readFile(path, 'utf8').catch(() => ''))
  const entries = new Map(stored.filter(([name]) => mode !== 'write' || known.has(name)))
  return {
    names: [...entries.keys()],
    expectSame(scenario, text) {
      if (mode === 'write') entries.set(scenario, text)
      else if (mode !== 'off') {
        const expected = entries.get(scenario) ?? 'The golden file has no entry for this scenario'
        expect(text, 'differs from its golden file, which TRACEBATON_GOLDEN=write writes').toBe(expected)
      }
    },
    async save() {
      if (mode !== 'write') return
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, print([...entries]))
    },
  }
}

function parse(text: string): (readonly [name: string, text: string])[] {
  const parts = text.split(/^# /m).slice(1)
  return parts.map((part) => {
    const end = part.indexOf('\n')
    return [part.slice(0, end), part.slice(end + 1).trimEnd()]
  })
}

function print(entries: readonly (readonly [string, string])[]): string {
  const sorted = entries.toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sorted.map(([name, text]) => `# ${name}\n${text}`).join('\n\n') + '\n'
}

import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KeptFolder } from '../src/kept-folder.ts'
import { takeProject } from '../src/kept-project.ts'
import { execute, root } from '../src/packed.ts'

const packages = (await readdir(join(root, 'packages'))).toSorted()
const entries = (await Promise.all(packages.map(entriesOf))).flat()
const styles = ['module', 'commonjs'] as const

let kept: KeptFolder | undefined
let project: string

// What a user installs is the tarball, not this workspace: other files, other resolution, no links.
beforeAll(async () => {
  kept = await takeProject('packed', packages, say)
  project = kept.path
  const imports = entries.map((entry, index) => `export * as entry${index} from '${entry}'\n`).join('')
  for (const style of styles) {
    /* oxlint-disable no-await-in-loop -- two small folders */
    await cp(join(project, 'program'), join(project, style), { recursive: true })
    await writeFile(join(project, style, 'entries.ts'), imports)
    /* oxlint-enable no-await-in-loop */
  }
  await writeFile(join(project, 'node10/entries.ts'), imports)
  say('compiling and running programs against them')
}, 180_000)

afterAll(() => kept?.keep())

describe.each(styles)('a strict TypeScript program compiled to %s', (style) => {
  test('compiles without skipping the declarations of libraries', async () => {
    await expect(node('node_modules/typescript/bin/tsc', '-p', style)).resolves.toBe('')
  })

  test('carries the trace through the queue', async () => {
    expectOneTrace(await node(join(style, 'main.js')))
  })

  test('carries the trace through the queue when bundled', async () => {
    const bundle = style === 'module' ? 'bundle.mjs' : 'bundle.cjs'
    // Libraries that exist as CommonJS only call `require`, which an ES module has to be given.
    const banner =
      style === 'module'
        ? ["--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"]
        : []
    await node(
      'node_modules/esbuild/bin/esbuild',
      join(style, 'main.js'),
      '--bundle',
      '--platform=node',
      '--log-level=error',
      `--format=${style === 'module' ? 'esm' : 'cjs'}`,
      `--outfile=${bundle}`,
      ...banner,
    )
    expectOneTrace(await node(bundle))
  })
})

test('TypeScript 5.0, which resolves as Node 10 did, finds every entry point with all its types', async () => {
  await expect(node('node_modules/typescript-oldest/bin/tsc', '-p', 'node10')).resolves.toBe('')
})

test('Jest loads the packages in its default mode, which is CommonJS', async () => {
  await expect(node('node_modules/jest/bin/jest.js', '--ci', '--watchman=false')).resolves.toBeDefined()
})

test('Jest shows what was found, and where in the test it was awaited, in the time that it gives a test', async () => {
  const jest = node('node_modules/jest/bin/jest.js', '--ci', '--watchman=false', '--testMatch', '**/jest.broken.js')
  const said = stripVTControlCharacters(String(await jest.catch((error: unknown) => error)))
  expect(said).toContain('process orders is not connected to send orders: header absent on the wire')
  expect(said).toMatch(/hop +send orders .*→ process orders/)
  expect(said).toMatch(/> \d+ \| +await recorder\.until.*'redrive orders'\]\)\)\n +\| +\^/)
  expect(said).toContain('There are no messages at all.')
  expect(said).toMatch(/> \d+ \| +await recorder\.until.*\['send orders'\]\)\)\n +\| +\^/)
  expect(said).not.toContain('Exceeded timeout')
})

test('every entry point of every package loads as an ES module', async () => {
  const program = `${JSON.stringify(entries)}.forEach((entry) => import(entry).then(() => console.log(import.meta.resolve(entry))))`
  expectLoaded(await node('--input-type=module', '--eval', program), 'esm')
})

test('every entry point of every package loads as CommonJS', async () => {
  const program = `${JSON.stringify(entries)}.forEach((entry) => require(entry) && console.log(require.resolve(entry)))`
  expectLoaded(await node('--input-type=commonjs', '--eval', program), 'cjs')
})

test.each([
  ['from the folder where npm puts commands', ['node_modules/.bin/tracebaton']],
  ['as an ES module', [process.execPath, 'node_modules/@tracebaton/testing/dist/esm/cli/main.js']],
] as const)('the command runs %s', async (_, [command, ...args]) => {
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'POST /orders', endTimeUnixNano: '1000000' }
  await writeFile(
    join(project, 'spans.jsonl'),
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  )
  const tracebaton = (...words: string[]): Promise<string> => execute(project, 60_000, command, [...args, ...words])
  await expect(tracebaton('check', 'spans.jsonl', '--rule', 'no-secrets')).resolves.toContain('nothing found in 1 span')
  await expect(tracebaton('render', 'spans.jsonl')).resolves.toContain('● POST /orders')
  await expect(tracebaton('check', 'no-such-file')).rejects.toThrow('There is no file no-such-file')
})

/** What a package can be imported by, except for its manifest. */
async function entriesOf(name: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(root, 'packages', name, 'package.json'), 'utf8'))
  return Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => `@tracebaton/${name}${entry.slice(1)}`)
}

function expectLoaded(output: string, form: 'cjs' | 'esm'): void {
  const files = output.trim().split('\n')
  expect(files).toHaveLength(entries.length)
  for (const name of packages) {
    expect(files).toContainEqual(expect.stringContaining(`/node_modules/@tracebaton/${name}/dist/${form}/`))
  }
  // What starts a program is quick, and CommonJS for both.
  const other = files.filter((file) => !file.includes(`/dist/${form}/`))
  expect(other.filter((file) => !file.endsWith('/instrumentation/dist/cjs/register.js'))).toEqual([])
}

function expectOneTrace(output: string): void {
  const { body, sent, processed, active } = JSON.parse(output)
  expect(body).toBe('order 1042')
  expect(sent).toMatch(/^[0-9a-f]{32}$/)
  expect({ processed, active }).toEqual({ processed: sent, active: sent })
}

function node(...args: string[]): Promise<string> {
  return execute(project, 60_000, process.execPath, args)
}

function say(what: string): void {
  console.log(`published packages: ${what}`)
}

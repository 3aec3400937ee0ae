import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const fixture = resolve(import.meta.dirname, '../fixtures/packed')
const packages = ['core', 'amqp', 'sqs', 'testing']
const styles = ['module', 'commonjs'] as const

let project: string

// What a user installs is the tarball, not this workspace: other files, other resolution, no links.
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'tracebaton-packed-'))
  await cp(fixture, project, { recursive: true })
  await Promise.all(styles.map((style) => cp(join(fixture, 'program'), join(project, style), { recursive: true })))

  say(`packing ${packages.join(', ')}`)
  const workspaces = packages.map((name) => `--workspace=packages/${name}`)
  const packed = await npm(root, 30_000, 'pack', '--json', `--pack-destination=${project}`, ...workspaces)
  const tarballs = fileNames(JSON.parse(packed)).map((name) => join(project, name))

  say(`installing them into an empty project, with jest, esbuild and typescript`)
  await npm(project, 150_000, 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...tarballs)
  say('compiling and running programs against them')
}, 180_000)

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

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

test('Jest loads the packages in its default mode, which is CommonJS', async () => {
  await expect(node('node_modules/jest/bin/jest.js', '--ci', '--watchman=false')).resolves.toBeDefined()
})

test.each(packages)('every entry point of %s loads as an ES module and as CommonJS', async (name) => {
  const manifest = JSON.parse(await readFile(join(project, 'node_modules/@tracebaton', name, 'package.json'), 'utf8'))
  const entries = Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => `@tracebaton/${name}${entry.slice(1)}`)
  expect(entries).not.toHaveLength(0)
  for (const entry of entries) {
    const required = `const names = Object.keys(require('${entry}')); console.log(require.resolve('${entry}'))`
    const imported = `import('${entry}').then(() => console.log(import.meta.resolve('${entry}')))`
    // oxlint-disable-next-line no-await-in-loop -- two short processes at a time are enough
    const found = await Promise.all([
      node('--input-type=commonjs', '--eval', required),
      node('--input-type=module', '--eval', imported),
    ])
    expect(found).toEqual([expect.stringContaining('/dist/cjs/'), expect.stringContaining('/dist/esm/')])
  }
})

function expectOneTrace(output: string): void {
  const { body, sent, processed, active } = JSON.parse(output)
  expect(body).toBe('order 1042')
  expect(sent).toMatch(/^[0-9a-f]{32}$/)
  expect({ processed, active }).toEqual({ processed: sent, active: sent })
}

/** npm prints a list, or since version 12 an object by package name. */
function fileNames(packed: Record<string, { readonly filename: string }>): string[] {
  return Object.values(packed).map(({ filename }) => filename)
}

function node(...args: string[]): Promise<string> {
  return execute(project, 60_000, process.execPath, args)
}

function npm(folder: string, timeout: number, ...args: string[]): Promise<string> {
  const started = process.env['npm_execpath']
  return started?.endsWith('.js') === true
    ? execute(folder, timeout, process.execPath, [started, ...args])
    : execute(folder, timeout, 'npm', args)
}

/** Runs a command in an environment like a user's shell; resolves with what it prints, rejects with all it printed. */
function execute(cwd: string, timeout: number, command: string, args: string[]): Promise<string> {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:NODE_|VITEST|JEST|TEST$|DEV$|PROD$|OTEL_|npm_(?:package|lifecycle|config_local_prefix))/.test(name),
  )
  return new Promise((succeed, fail) => {
    execFile(command, args, { cwd, timeout, env: Object.fromEntries(inherited) }, (error, stdout, stderr) => {
      if (error === null) succeed(stdout)
      else fail(new Error(`${error.message}\n${stdout}\n${stderr}`))
    })
  })
}

function say(what: string): void {
  console.log(`published packages: ${what}`)
}

import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pack, root, run, unpack } from '../src/packed.ts'

const PACKAGES = ['core', 'kafka', 'amqp'] as const
type Package = (typeof PACKAGES)[number]
type Version = 'this' | 'next'

const program = resolve(import.meta.dirname, '../fixtures/two-versions/main.mjs')

/** What a process shares is named `tracebaton.<name>.<version of its shape>`. */
const KEY = /(?<=['"`]tracebaton\.[a-z.-]+\.)\d+(?=['"`])/g

let folder: string
const sourceOf = (version: Version, name: Package): string => join(folder, version, name)

// The packages as they would be published, and the same with every shape changed.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracebaton-'))
  const tarballs = await pack(PACKAGES, folder)
  for (const name of PACKAGES) {
    const tarball = tarballs.find((one) => one.name === `@tracebaton/${name}`)
    await unpack(join(folder, tarball!.filename), sourceOf('this', name))
    await cp(sourceOf('this', name), sourceOf('next', name), { recursive: true })
    await raiseShapes(join(sourceOf('next', name), 'dist'))
  }
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function raiseShapes(dist: string): Promise<void> {
  let raised = 0
  for (const file of await readdir(dist, { recursive: true })) {
    if (!file.endsWith('.js')) continue
    const text = await readFile(join(dist, file), 'utf8')
    const changed = text.replaceAll(KEY, (version) => {
      raised += 1
      return String(Number(version) + 1)
    })
    if (changed !== text) await writeFile(join(dist, file), changed)
  }
  expect(raised).toBeGreaterThan(0)
}

/** Installs these versions as npm does, each adapter with a core of its own where the project has another, and runs. */
async function outputOf(versions: Readonly<Record<Package, Version>>): Promise<Output> {
  const project = await mkdtemp(join(folder, 'project-'))
  const modules = join(project, 'node_modules')
  await mkdir(join(modules, '@tracebaton'), { recursive: true })
  await symlink(join(root, 'node_modules/@opentelemetry'), join(modules, '@opentelemetry'))
  for (const name of PACKAGES) {
    const place = join(modules, '@tracebaton', name)
    await cp(sourceOf(versions[name], name), place, { recursive: true })
    if (versions[name] === versions.core) continue
    await cp(sourceOf(versions[name], 'core'), join(place, 'node_modules/@tracebaton/core'), { recursive: true })
  }
  await cp(program, join(project, 'main.mjs'))
  const { stdout, stderr } = await run(project, 60_000, process.execPath, ['main.mjs'])
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toHaveLength(1)
  return JSON.parse(comparable(stdout)) as Output
}

interface Output {
  readonly sent: readonly unknown[]
  readonly logs: readonly Readonly<Record<string, unknown>>[]
  readonly hooked: readonly string[]
  readonly failures: readonly string[]
  readonly spans: readonly Span[]
}

interface Span {
  readonly name: string
  readonly scope: { readonly name: string }
  readonly links: readonly unknown[]
}

/**
 * Ids by the order in which they are first named, and no times. What a handler sends with an adapter of another version does
 * not carry the first send of its journey.
 */
function comparable(output: string): string {
  const ids = new Map<string, string>()
  return output
    .replaceAll(/;j=[\da-f-]+/g, '')
    .replaceAll(/,?"tracebaton\.journey\.trace_id":"[\da-f]+"/g, '')
    .replaceAll(/\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b/g, (id) => {
      if (!ids.has(id)) ids.set(id, `${id.length === 32 ? 'trace' : 'span'} ${ids.size}`)
      return ids.get(id)!
    })
    .replaceAll(/"(tracebaton\.queue\.\w+)":[\d.e-]+/g, '"$1":"seconds"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a time')
    .replaceAll(/\bb=([0-9a-f]{8})\b/g, (_, end: string) => `b=${[...ids].find(([id]) => id.endsWith(end))?.[1]}`)
    .replaceAll(/\b([fs])=[0-9a-z]{8}\b/g, '$1=a time')
}

let alone: Output
beforeAll(async () => {
  alone = await outputOf({ core: 'this', kafka: 'this', amqp: 'this' })
}, 60_000)

test('the program does something worth comparing', () => {
  expect(alone.failures).toEqual([])
  expect(alone.sent.length).toBeGreaterThan(8)
  expect(new Set(alone.spans.map(({ scope }) => scope.name))).toEqual(
    new Set(['application', '@tracebaton/kafka', '@tracebaton/amqp']),
  )
  expect(alone.spans.filter(({ name }) => name === 'process orders')).toHaveLength(4)
  expect(alone.spans.filter(({ name }) => name === 'process mails')).toHaveLength(2)
  const targets = alone.spans.flatMap(({ links }) => links)
  expect(targets.length).toBeGreaterThan(8)
  expect(alone.hooked.filter((history) => history === 'redelivery 2')).toHaveLength(2)
  expect(alone.logs.filter((log) => Object.values(log).includes(2))).toHaveLength(2)
})

test.each([
  { core: 'this', kafka: 'this', amqp: 'next' },
  { core: 'next', kafka: 'this', amqp: 'next' },
  { core: 'this', kafka: 'next', amqp: 'this' },
  { core: 'next', kafka: 'next', amqp: 'this' },
] as const)('$kafka kafka and $amqp amqp with $core core do what one version does, in silence', async (versions) => {
  const { logs, ...mixed } = await outputOf(versions)
  const { logs: expected, ...same } = alone
  expect(mixed).toEqual(same)
  // What core says of a message is known to a core of that shape alone.
  expect(logs).toEqual(
    expected.map((log) => {
      const adapter = String(log['what']).startsWith('mails') ? 'amqp' : 'kafka'
      return versions[adapter] === versions.core ? log : withoutMessage(log)
    }),
  )
})

/** What core says of any span. */
const SPAN = new Set(['what', 'trace_id', 'span_id', 'trace_flags'])

function withoutMessage(log: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(log).filter(([name]) => SPAN.has(name)))
}

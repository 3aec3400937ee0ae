import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installProject, type Project } from '../src/installed-project.ts'
import { execute, pack, root, type Tarball } from '../src/packed.ts'

const names = (await readdir(join(root, 'packages'))).toSorted()
const API = { '@opentelemetry/api': '^1.9.0' }
const INSTRUMENTATION = { '@tracebaton/instrumentation': '*' }

const warning = (name: string, of: string) =>
  expect.stringMatching(new RegExp(`^tracebaton: ${name} was given a client of ${of}, which is not traced yet: `))

let tarballs: readonly Tarball[]
let folder: string
let empty: Project | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracebaton-tarballs-'))
  tarballs = await pack(names, folder)
  empty = await installProject(tarballs, folder, { ...INSTRUMENTATION, ...API })
}, 150_000)

afterAll(async () => {
  await empty?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

describe('in an empty folder', () => {
  test('the instrumentation brings our packages and the API, and no client', () => {
    const ours = names.filter((name) => name !== 'testing').map((name) => `@tracebaton/${name}`)
    expect([...empty!.packages.keys()]).toEqual(['@opentelemetry/api', ...ours])
  })

  test.each(['mjs', 'cjs'])('each adapter moves a message, or says which package is missing: %s', async (format) => {
    const program = join(empty!.folder, `moves.${format}`)
    await cp(resolve(import.meta.dirname, '../fixtures/no-client/moves.js'), program)
    const said = await execute(empty!.folder, 60_000, process.execPath, [program])
    expect(said.trim().split('\n')).toEqual([
      'kafka moved 1',
      'amqp moved 1',
      'bullmq moved 1',
      expect.stringMatching(/^sqs ERR_TRACEBATON_CLIENT: .*npm install @aws-sdk\/client-sqs$/),
    ])
  })
})

test('other clients for the same brokers come back as they are, with a warning that names them', async () => {
  const others = { 'rabbitmq-client': '5', '@platformatic/kafka': '2' }
  const adapters = { '@tracebaton/amqp': '*', '@tracebaton/kafka': '*' }
  await using project = await installProject(tarballs, folder, { ...adapters, ...API, ...others })
  const program = join(project.folder, 'others.mjs')
  await cp(resolve(import.meta.dirname, '../fixtures/no-client/others.js'), program)
  const said = await execute(project.folder, 60_000, process.execPath, [program])
  expect(said.trim().split('\n')).toEqual([
    warning('traceConnection', 'rabbitmq-client'),
    warning('traceProducer', '@platformatic/kafka'),
    warning('traceConsumer', '@platformatic/kafka'),
    'given back',
  ])
})

// Those that the ranges of our peers have to take, and a framework with narrower ones of its own.
test.concurrent.each<Readonly<Record<string, string>>>([
  { kafkajs: '2.2.4' },
  { amqplib: '0.10.9' },
  { amqplib: '1.2.0' },
  { amqplib: '2' },
  { bullmq: '5.81' },
  { bullmq: '6' },
  { '@aws-sdk/client-sqs': '3' },
  { moleculer: '0.15.2', amqplib: '0.10.9' },
])('npm installs the instrumentation and the kit beside %j', { timeout: 150_000 }, async (beside) => {
  const kit = { '@tracebaton/testing': '*' }
  await using project = await installProject(
    tarballs,
    folder,
    { ...INSTRUMENTATION, ...kit, ...API, ...beside },
    'chosen',
  )
  // There is one copy of each, which everybody uses.
  const copies = [...project.packages.keys()].map((path) => path.split('node_modules/').at(-1))
  for (const name of Object.keys(beside)) expect(copies.filter((copy) => copy === name)).toEqual([name])
})

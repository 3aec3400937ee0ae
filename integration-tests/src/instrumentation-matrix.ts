import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tracebatonPlugin } from '@tracebaton/instrumentation/esbuild'
import { build, type BuildOptions } from 'esbuild'
import { run } from './command.ts'
import { NODE } from './node.ts'

/** The clients, as they are loaded. */
export const CLIENTS = ['kafkajs', 'amqplib', '@aws-sdk/client-sqs', 'bullmq'] as const

const PACKAGES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const REGISTER = '@tracebaton/instrumentation/register'

/** Says of each client whether what was loaded is ours: a class that stands in for another one, a traced function or object. */
const ASK = `
const stand = (...classes) => classes.every((one) => Object.hasOwn(one, Symbol.hasInstance))
const answers = {
  'kafkajs': stand(c0.Kafka),
  'amqplib': String(c1.connect).includes('ROOT_CONTEXT'),
  '@aws-sdk/client-sqs': [c2.SQS, c2.SQSClient].every((One) => new One({ region: 'eu-west-1' }).middlewareStack.identify().some((one) => one.includes('tracebaton'))),
  'bullmq': stand(c3.Queue, c3.Worker, c3.FlowProducer),
}
`
const requires = (from: readonly string[]) => from.map((name, at) => `const c${at} = require('${name}')\n`).join('')
const imports = (from: readonly string[]) => from.map((name, at) => `import * as c${at} from '${name}'\n`).join('')
const PRINT = "console.log('answers ' + JSON.stringify(answers))\n"
const CJS = requires(CLIENTS) + ASK + PRINT
const ESM = imports(CLIENTS) + ASK + PRINT
const TYPED = 'const typed: number = 1\nif (typed > 1) throw typed\n'

/** A folder with all packages, and what runs there. */
interface Place {
  readonly folder: string
  readonly node: (...args: string[]) => ReturnType<typeof run>
}

const write = ({ folder }: Place, name: string, text: string) => writeFile(join(folder, name), text)

const app =
  (name: string, text: string, ...args: string[]) =>
  async (place: Place) => {
    await write(place, name, text)
    return place.node('--import', REGISTER, ...args, name)
  }

const bundle =
  (format: 'cjs' | 'esm', plugged: boolean, options: BuildOptions = {}) =>
  async (place: Place) => {
    const source = format === 'cjs' ? 'app.cjs' : 'app.mjs'
    await write(place, source, format === 'cjs' ? CJS : ESM)
    const outfile = join(place.folder, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs')
    // What is CommonJS calls this in an ES module, too.
    const js = "import { createRequire as create } from 'node:module'; const require = create(import.meta.url);"
    await build({
      absWorkingDir: place.folder,
      entryPoints: [source],
      outfile,
      bundle: true,
      format,
      platform: 'node',
      logLevel: 'silent',
      plugins: plugged ? [tracebatonPlugin()] : [],
      ...(format === 'esm' && { banner: { js } }),
      ...options,
    })
    return place.node('--import', REGISTER, outfile)
  }

const vitest = (setUp: boolean) => async (place: Place) => {
  await write(
    place,
    'a.test.mjs',
    `import { test } from 'vitest'\n${imports(CLIENTS)}test('a', () => {${ASK}${PRINT}})\n`,
  )
  const setupFiles = setUp ? [REGISTER] : []
  await write(place, 'vitest.config.mjs', `export default { test: { setupFiles: ${JSON.stringify(setupFiles)} } }\n`)
  return place.node(join(PACKAGES, 'vitest/vitest.mjs'), 'run', '--disable-console-intercept')
}

/** What our page tells to put into a file for Jest, for each client. */
const jestSetUp = async () => {
  const page = await readFile(new URL('../../packages/instrumentation/README.md', import.meta.url), 'utf8')
  const example = /^jest\.mock[^`]*/m.exec(page)?.[0] ?? ''
  return CLIENTS.map((name) => example.replaceAll('kafkajs', name)).join('')
}

const jest = (patched: boolean) => async (place: Place) => {
  await write(place, 'jest.setup.cjs', patched ? await jestSetUp() : '')
  // Jest takes the output of a test for its own, and shows it on the other stream.
  const text = `${requires(CLIENTS)}test('a', () => {${ASK}process.stdout.write('answers ' + JSON.stringify(answers) + '\\n')})\n`
  await write(place, 'a.test.cjs', text)
  const transform = { '[.]cjs$': 'babel-jest' }
  const config = { testMatch: ['**/*.test.cjs'], setupFiles: ['./jest.setup.cjs'], transform }
  await write(place, 'jest.config.cjs', `module.exports = ${JSON.stringify(config)}\n`)
  return place.node(join(PACKAGES, 'jest/bin/jest.js'), '--watchman=false')
}

/** A loader that hands CommonJS files over as texts. */
const texts = async (place: Place) => {
  const load = `import { readFile } from 'node:fs/promises'
export async function load(url, context, next) {
  const loaded = await next(url, context)
  return loaded.format === 'commonjs' ? { ...loaded, source: await readFile(new URL(url)) } : loaded
}\n`
  await write(place, 'load.mjs', load)
  await write(place, 'loader.mjs', "import { register } from 'node:module'\nregister('./load.mjs', import.meta.url)\n")
  return app('app.mjs', ESM, '--import', './loader.mjs')(place)
}

/** Files of a package that is installed under another name: Node knows a file by its real path. */
const alias = async (place: Place) => {
  await rm(join(place.folder, 'node_modules'))
  const own = join(place.folder, 'node_modules')
  await mkdir(own)
  for (const name of await readdir(PACKAGES))
    if (name !== 'kafkajs') await symlink(join(PACKAGES, name), join(own, name))
  await cp(join(PACKAGES, 'kafkajs'), join(own, 'kafkajs-2'), { recursive: true })
  await write(place, 'app.cjs', CJS.replace("require('kafkajs')", "require('kafkajs-2')"))
  return place.node('--import', REGISTER, 'app.cjs')
}

/** Each way to load the clients. */
export const WAYS: Readonly<Record<string, (place: Place) => ReturnType<typeof run>>> = {
  require: app('app.cjs', CJS),
  import: app('app.mjs', ESM),
  'tsx, CommonJS': async (place) => {
    await write(place, 'package.json', '{ "type": "commonjs" }')
    return app('app.ts', TYPED + CJS, '--import', 'tsx')(place)
  },
  'tsx, ES modules': app('app.mts', TYPED + ESM, '--import', 'tsx'),
  'type stripping': app('app.mts', TYPED + ESM, '--experimental-strip-types'),
  'esbuild to CommonJS': bundle('cjs', true),
  'esbuild to ES modules': bundle('esm', true),
  // As set-ups for AWS Lambda have it: two of the clients come as ES modules.
  'esbuild, which prefers ES modules': bundle('esm', true, { mainFields: ['module', 'main'] }),
  'esbuild without our plugin': bundle('cjs', false),
  Vitest: vitest(true),
  'Vitest without set-up': vitest(false),
  Jest: jest(true),
  'Jest without patchModule': jest(false),
  'kafkajs under another name': alias,
  'a loader that gives texts': texts,
}

/** Loads the clients in one way. Gives those that are traced. */
export async function tracedBy(way: string): Promise<readonly string[]> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tracebaton-matrix-')))
  try {
    await symlink(PACKAGES, join(folder, 'node_modules'))
    const node: Place['node'] = (...args) => run(NODE, args, { folder, environment: { NODE_OPTIONS: '' } })
    const { code, stdout, stderr } = (await WAYS[way]?.({ folder, node })) ?? { code: -1, stdout: '', stderr: 'no way' }
    const answers = /^answers (.*)$/m.exec(stdout)?.[1]
    if (code !== 0 || answers === undefined) throw new Error(`${way} ended with ${code}: ${stdout}${stderr}`)
    const traced = JSON.parse(answers) as Readonly<Record<string, boolean>>
    return CLIENTS.filter((client) => traced[client])
  } finally {
    await rm(folder, { recursive: true })
  }
}

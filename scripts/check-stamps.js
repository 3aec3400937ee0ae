// Stamps put a private field on objects that may be frozen. A future V8 may forbid that: the newest Node knows its flag.
import { existsSync, mkdirSync } from 'node:fs'
import { run, runNpm } from './run.js'

const MAJOR = 26
const folder = `node_modules/.cache/node-${MAJOR}`
const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const node = `${folder}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`

if (!existsSync(node)) {
  mkdirSync(folder, { recursive: true })
  const flags = ['--no-save', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund']
  const { code, output } = await runNpm(`Fetching Node ${MAJOR}`, [
    'install',
    '--prefix',
    folder,
    ...flags,
    `${name}@${MAJOR}`,
  ])
  if (code !== 0) {
    console.error(`${output}\nNode ${MAJOR} could not be fetched: the registry needs the package ${name}.`)
    process.exit(1)
  }
}

const { code, output } = await run('Testing stamps', node, [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'scripts/stamps/vitest.config.js',
])
if (code !== 0) console.error(output)
process.exitCode = code

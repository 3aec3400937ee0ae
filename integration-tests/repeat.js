// Runs the contract suite many times in a row and prints one line for each run. It keeps what it has done in the folder
// for temporary files, and goes on there when it is started again on the same commit with the same changes.
//
//   node integration-tests/repeat.js 20 kafka amqp     # by default: every set-up
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

const SUITES = {
  kafka: ['integration', 'integration-tests/test/kafka.test.ts'],
  amqp: ['integration', 'integration-tests/test/amqp.test.ts'],
  sqs: ['integration', 'integration-tests/test/sqs.test.ts'],
  bullmq: ['integration', 'integration-tests/test/bullmq.test.ts'],
  'kafka-patched': ['integration', 'integration-tests/test/kafka-patched.test.ts'],
  'amqp-patched': ['integration', 'integration-tests/test/amqp-patched.test.ts'],
  'sqs-patched': ['integration', 'integration-tests/test/sqs-patched.test.ts'],
  'bullmq-patched': ['integration', 'integration-tests/test/bullmq-patched.test.ts'],
  stream: ['unit', 'examples/stream-adapter/test/contract.test.ts'],
}

const [times, ...named] = process.argv.slice(2)
const total = Number(times)
const names = named.length > 0 ? named : Object.keys(SUITES)
const unknown = names.filter((name) => !(name in SUITES))
if (!Number.isInteger(total) || total < 1 || unknown.length > 0) {
  console.error(`node integration-tests/repeat.js <times> [${Object.keys(SUITES).join(' | ')}] …`)
  process.exit(2)
}

const file = join(tmpdir(), `tracebaton-repeat-${versionOf()}.json`)
const done = readState()
for (let number = 1; number <= total; number++) {
  for (const name of names) {
    const runs = (done[name] ??= [])
    if (runs.length >= number) continue
    const run = await play(...SUITES[name])
    runs.push(run)
    writeFileSync(file, JSON.stringify(done))
    console.log(`${name} ${number}/${total}: ${textOf(run)}`)
  }
}

const counted = names.flatMap((name) => done[name].slice(0, total))
const red = counted.filter(({ failed }) => failed.length > 0)
console.log(`${counted.length - red.length} of ${counted.length} runs green (${file})`)
process.exitCode = red.length === 0 ? 0 : 1

function textOf({ passed, failed, seconds }) {
  const count = `${passed} passed, ${seconds} s`
  return failed.length === 0 ? `green, ${count}` : `RED, ${count}\n  ${failed.join('\n  ')}`
}

function git(...parameters) {
  return execFileSync('git', parameters, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
}

/** The commit, and a digest of what differs from it. */
function versionOf() {
  const changes = git('diff', 'HEAD')
  const digest = changes === '' ? '' : `-${createHash('sha256').update(changes).digest('hex').slice(0, 8)}`
  return `${git('rev-parse', '--short=12', 'HEAD').trim()}${digest}`
}

function readState() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

/** Runs one suite, and gives how many of its tests passed and which ones failed. */
function play(project, suite) {
  const results = `${file}.results`
  const started = Date.now()
  const tool = join(root, 'node_modules/vitest/vitest.mjs')
  const parameters = ['run', '--project', project, suite, '--reporter=json', `--outputFile=${results}`]
  writeFileSync(results, '')
  return new Promise((resolved) => {
    const child = spawn(process.execPath, [tool, ...parameters], { cwd: root, stdio: 'ignore' })
    child.on('close', (code) => {
      const seconds = Math.round((Date.now() - started) / 1000)
      const tests = testsIn(results)
      const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
      if (code !== 0 && failed.length === 0) failed.push('the run itself')
      resolved({ passed: tests.filter(({ status }) => status === 'passed').length, failed, seconds })
    })
  })
}

function testsIn(results) {
  try {
    return JSON.parse(readFileSync(results, 'utf8')).testResults.flatMap(({ assertionResults }) => assertionResults)
  } catch {
    return []
  }
}

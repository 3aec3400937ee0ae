import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, '../results')
const COMPARED = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/instrumentation-kafkajs',
  '@opentelemetry/instrumentation-amqplib',
  '@opentelemetry/instrumentation-aws-sdk',
  'bullmq-otel',
  'amqplib',
  '@aws-sdk/client-sqs',
  'bullmq',
]

/** The results that the page shows: the latest that are stored, else those from before. */
export const SHOWN = ['latest', 'before'].find(hasResults) ?? 'latest'

export function hasResults(name) {
  return existsSync(join(folder, `${name}.json`))
}

export function readResults(name) {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
}

export function writeResults(name, results) {
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(results, rounded, 1)}\n`)
}

export function writePicture(name, svg) {
  writeFileSync(join(folder, `${name}.svg`), svg)
}

/** Three decimals are more than is known. */
function rounded(_, value) {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value
}

/** What results are of. */
export function describeRun({ quick, against }) {
  return {
    commit: commitOf(root),
    before: against && commitOf(against),
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    processor: `${cpus().length} × ${cpus()[0].model}`,
    quick,
    versions: Object.fromEntries(COMPARED.map((name) => [name, versionOf(name)])),
  }
}

function commitOf(checkout) {
  try {
    return execFileSync('git', ['-C', checkout, 'log', '-1', '--format=%h'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

const require = createRequire(import.meta.url)

function versionOf(name) {
  let at = dirname(require.resolve(name))
  while (!existsSync(join(at, 'package.json')) || nameIn(at) !== name) at = dirname(at)
  return JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')).version
}

function nameIn(at) {
  return JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')).name
}

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../guard')
const fileOf = (name) => join(folder, `${name}.json`)

/** The stored figures by path and mode: `calls` as text, `bytes` as numbers. */
export function readStored(name) {
  return JSON.parse(readFileSync(fileOf(name), 'utf8'))
}

/** Stores figures: one line for each path and mode. */
export function writeStored(name, figures) {
  writeFileSync(fileOf(name), `${JSON.stringify(figures, undefined, 2)}\n`)
}

/** Calls by method as one line, which does not depend on their order. */
export function callsText(calls) {
  const parts = Object.entries(calls).map(([method, count]) => `${method} ${count}`)
  return parts.toSorted().join(', ') || 'none'
}

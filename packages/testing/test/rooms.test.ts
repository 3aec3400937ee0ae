import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import * as kit from '../src/index.ts'

const source = resolve(import.meta.dirname, '../src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(source, file))

/** The files that a file needs when it runs: imports of types are gone by then. */
function importsOf(file: string): string[] {
  const found = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s+(?!type\s)[^'"]*?from\s+'(\.[^']+)'/gms)
  return [...found].map(([, path = '']) => resolve(dirname(file), path))
}

const chains = new Map<string, readonly string[]>()

/** The longest chain of imports that begins with a file. Throws on a circle. */
function chainFrom(file: string, above: readonly string[] = []): readonly string[] {
  if (above.includes(file)) throw new Error(`a circle of imports: ${[...above, file].join(' → ')}`)
  const known = chains.get(file)
  if (known) return known
  let longest: readonly string[] = []
  for (const imported of importsOf(file)) {
    const chain = chainFrom(imported, [...above, file])
    if (chain.length > longest.length) longest = chain
  }
  const chain = [relative(source, file), ...longest]
  chains.set(file, chain)
  return chain
}

test('no chain of imports is longer than eight files', () => {
  const longest = files.map((file) => chainFrom(file)).toSorted((one, other) => other.length - one.length)[0]
  expect(longest).not.toHaveProperty('8')
})

const names = `
  TraceAssertionError arrivalOf assertAllEnded assertBatchLinks assertConnected assertConventions assertJourney
  assertNoDanglingLinks assertNoLeak assertNoOrphans assertNoSecrets assertPropagation assertSamplingConsistent
  assertSpan assertSpans createReceiver createRecorder failing findingsIn html mermaid messageFacts messageJourneys
  strip svg tampering tamperingMiddleware waterfall
`

test('the main entry has what a test needs, and nothing else', () => {
  expect(Object.keys(kit).toSorted()).toEqual(names.trim().split(/\s+/))
})

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

// TypeScript that resolves as Node 10 did reads no `exports`.
test.each(readdirSync('packages'))('%s names the types of each of its entry points twice, the same', (name) => {
  const { exports, types, typesVersions } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  const entries = Object.entries(exports).filter(([entry]) => !entry.endsWith('.json'))
  const required = entries.map(([entry, { require }]) => [entry, require.types])
  const older = Object.entries(typesVersions?.['*'] ?? {}).map(([entry, [file]]) => [`./${entry}`, file])
  expect([['.', types], ...older]).toEqual(required)
})

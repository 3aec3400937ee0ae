import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { missingTypes } from '../exported-types.js'

const packages = new URL('../../packages/', import.meta.url)

/** The declarations of all entries of a package. */
function entriesOf(folder) {
  const manifest = JSON.parse(readFileSync(new URL(`${folder}/package.json`, packages), 'utf8'))
  return Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [new URL(`${folder}/${entry.import.types}`, packages).pathname],
  )
}

describe('every type in a public signature is exported', () => {
  test.each(readdirSync(packages))('by %s', (folder) => {
    expect(missingTypes(entriesOf(folder)).map((missing) => missing.replace(packages.pathname, ''))).toEqual([])
  })
})

test('a type that is used and not exported is found, wherever it is declared', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tracebaton-'))
  const write = (name, text) => writeFileSync(join(folder, name), text)
  write(
    'a.d.ts',
    "import type { B } from './b.ts';\ninterface Own {\n}\nexport declare function f(b: B, text: 'C'): Own;\n",
  )
  write('b.d.ts', '/** Like C. */\nexport interface B {\n    readonly c: C;\n}\nexport type C = string;\n')
  write('index.d.ts', "export { f } from './a.js';\n")
  expect(missingTypes([join(folder, 'index.d.ts')])).toEqual([`B of ${folder}/b.d.ts`, `Own of ${folder}/a.d.ts`])
  write('better.d.ts', "export { f } from './a.js';\nexport type { B } from './b.js';\n")
  expect(missingTypes([join(folder, 'better.d.ts')])).toEqual([`C of ${folder}/b.d.ts`, `Own of ${folder}/a.d.ts`])
})

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isWithin, seesRegistration, testedVersions } from '../../src/doctor/version.ts'

test('the tested versions are those that the adapters name as peers', () => {
  const packages = new URL('../../../', import.meta.url)
  const peers = readdirSync(packages).flatMap((name) => {
    if (name === 'testing') return []
    const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8'))
    const named = Object.entries<string>(manifest.peerDependencies ?? {})
    return named.filter(([peer]) => !peer.startsWith('@opentelemetry/') && !peer.startsWith('@tracebaton/'))
  })
  expect(Object.fromEntries(peers)).toEqual(testedVersions)
})

test.each([
  ['2.2.4', '>=2.2.0 <3', true],
  ['2.2.0', '>=2.2.0 <3', true],
  ['2.10.0', '>=2.2.0 <3', true],
  ['2.1.9', '>=2.2.0 <3', false],
  ['3.0.0', '>=2.2.0 <3', false],
  ['2.3.0-beta.1', '>=2.2.0 <3', false],
  ['1.9.9', '>=2.0.0 <3', false],
  ['0.10.9', '>=0.10.0 <3', true],
  ['0.9.1', '>=0.10.0 <3', false],
  ['1.2.0', '>=0.10.0 <3', true],
  ['2.3.1', '>=0.10.0 <3', true],
])('%s within %s: %s', (version, range, expected) => {
  expect(isWithin(version, range)).toBe(expected)
})

test.each([
  ['1.9.0', '1.9.1', true],
  ['1.8.0', '1.9.0', true],
  ['1.9.1', '1.9.0', true],
  ['1.10.0', '1.9.0', false],
  ['2.0.0', '1.9.0', false],
])('code with the API %s sees what was registered with %s: %s', (copy, registered, expected) => {
  expect(seesRegistration(copy, registered)).toBe(expected)
})

import { expect, test } from 'vitest'
import { entriesWithAddress, entriesWithoutIntegrity, missingOptionalPackages } from '../lockfile.js'

const lockfile = {
  packages: {
    '': {},
    'node_modules/tool': {
      integrity: 'sha512-1',
      optionalDependencies: { 'tool-linux-x64': '1.0.0', 'tool-win32-x64': '1.0.0' },
    },
    'node_modules/tool-linux-x64': { os: ['linux'], integrity: 'sha1-3' },
    'node_modules/user/node_modules/nested': { optionalDependencies: { tool: '1.0.0' } },
    'node_modules/core': { resolved: 'packages/core', link: true },
    'node_modules/fetched': { integrity: 'sha512-2', resolved: 'https://example.org/fetched.tgz' },
  },
}

test('a build for another machine that the lockfile lacks is found', () => {
  expect(missingOptionalPackages(lockfile)).toEqual([
    { name: 'tool-win32-x64', version: '1.0.0', owner: 'node_modules/tool' },
  ])
})

test('a download address is found, a link inside the repository is none', () => {
  expect(entriesWithAddress(lockfile)).toEqual(['node_modules/fetched'])
})

test('a package without a strong checksum is found, even if it is a build for one kind of machine', () => {
  expect(entriesWithoutIntegrity(lockfile)).toEqual([
    'node_modules/tool-linux-x64',
    'node_modules/user/node_modules/nested',
  ])
})

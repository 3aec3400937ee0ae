// The lockfile must install on every machine, from whatever registry that machine uses.
import { readFileSync } from 'node:fs'
import { entriesWithAddress, entriesWithoutIntegrity, missingOptionalPackages } from './lockfile.js'

const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8'))

const problems = [
  ...missingOptionalPackages(lockfile).map(
    ({ name, owner }) => `${owner} wants ${name}, which is missing: node scripts/complete-lockfile.js`,
  ),
  ...entriesWithAddress(lockfile).map((path) => `${path} records an address to download from`),
  ...entriesWithoutIntegrity(lockfile).map((path) => `${path} has no integrity`),
]

for (const problem of problems) console.error(`package-lock.json: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { missingOptionalPackages } from './lockfile.js'

/**
 * Adds what `npm install` leaves out of package-lock.json when the registry at hand lacks the builds of a tool
 * for other operating systems. Without those entries `npm ci` refuses the lockfile, and without their checksums it takes
 * whatever it is given. The checksums come from the registry of npm's configuration.
 */
const OPERATING_SYSTEMS = new Set([
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
])
const PROCESSORS = new Set([
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
])
const ALIASES = { windows: 'win32', 64: 'x64' }

/** The checksum that the registry tells. Without one the entry is no use: `npm run check` refuses it. */
function integrityOf(name, version) {
  return execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], { encoding: 'utf8' }).trim() || undefined
}

const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const missing = missingOptionalPackages(lockfile)

for (const { name, version, owner } of missing) {
  const words = name.split(/[/-]/).map((word) => ALIASES[word] ?? word)
  const system = words.find((word) => OPERATING_SYSTEMS.has(word))
  const processor = words.find((word) => PROCESSORS.has(word))
  const owned = lockfile.packages[owner]
  lockfile.packages[`node_modules/${name}`] = {
    version,
    integrity: integrityOf(name, version),
    ...(processor && { cpu: [processor] }),
    ...(owned.dev && { dev: true }),
    ...(system === 'linux' && words.includes('gnu') && { libc: ['glibc'] }),
    ...(system === 'linux' && words.includes('musl') && { libc: ['musl'] }),
    ...(owned.license && { license: owned.license }),
    optional: true,
    ...(system && { os: [system] }),
    ...(owned.engines && { engines: owned.engines }),
  }
}

const [root, ...rest] = Object.entries(lockfile.packages)
rest.sort(([left], [right]) => left.localeCompare(right, 'en'))
lockfile.packages = Object.fromEntries([root, ...rest])
writeFileSync('package-lock.json', `${JSON.stringify(lockfile, null, 2)}\n`)
console.log(`package-lock.json: ${missing.length} entries added`)

import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A package as it lies in a `node_modules` folder. */
export interface Installed {
  readonly name: string
  readonly version: string
  /** Its folder, links resolved. */
  readonly folder: string
}

// Enough for the largest monorepos; beyond it the answer would come too late.
const mostFolders = 50_000

/**
 * The copies of some packages that code in a folder can get to see: those in its own `node_modules`, in those above it,
 * and nested in other packages. Understands the layouts of npm, yarn and pnpm. Each copy once. Never throws.
 */
export function findInstalled(start: string, wanted: ReadonlySet<string>): Installed[] {
  const found = new Map<string, Installed>()
  const queue = ancestors(resolve(start)).map((folder) => join(folder, 'node_modules'))
  const seen = new Set<string>()
  for (let modules = queue.shift(); modules !== undefined && seen.size < mostFolders; modules = queue.shift()) {
    for (const [name, folder] of packagesIn(modules)) {
      const real = realOf(folder)
      if (real === undefined || seen.has(real)) continue
      seen.add(real)
      queue.push(join(real, 'node_modules'))
      // pnpm keeps the packages that one can see beside it.
      if (real.includes('/.pnpm/')) queue.push(real.slice(0, real.length - name.length - 1))
      const version = wanted.has(name) ? textIn(real, 'version') : undefined
      if (version !== undefined) found.set(real, { name, version, folder: real })
    }
  }
  return [...found.values()]
}

/** The version of a package's folder, or the name that it has given itself, wherever it is installed. */
export function textIn(folder: string, key: 'name' | 'version'): string | undefined {
  const text = manifestIn(folder)[key]
  return typeof text === 'string' ? text : undefined
}

/** The manifest of a folder; an empty one, if there is none. */
export function manifestIn(folder: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))) as Record<string, unknown>
  } catch {
    return {}
  }
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestors(parent)]
}

function packagesIn(modules: string): [name: string, folder: string][] {
  return list(modules).flatMap((entry): [string, string][] => {
    const folder = join(modules, entry)
    if (!entry.startsWith('@')) return entry.startsWith('.') ? [] : [[entry, folder]]
    return list(folder).map((name) => [`${entry}/${name}`, join(folder, name)])
  })
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

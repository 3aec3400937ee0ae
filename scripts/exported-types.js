import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * The types that the declarations of a package's entries use and none of them exports: whoever needs one of these by name
 * has to build it from others.
 *
 * @param entries declaration files of a package that was built
 * @returns for each the name and the file that declares it, sorted
 */
export function missingTypes(entries) {
  const exported = entries.flatMap((entry) => [...exportsOf(entry).values()])
  if (exported.length === 0) throw new Error(`${entries} export nothing`)
  const known = new Set(exported.map(({ file, name }) => `${name} of ${file}`))
  const missing = new Set()
  for (const { file, name } of exported) {
    const text = declarationOf(file, name)
    for (const used of new Set(text.match(/\b[A-Za-z_$][\w$]*\b/g))) {
      const origin = originOf(file, used)
      if (origin !== undefined && !known.has(`${origin.name} of ${origin.file}`))
        missing.add(`${origin.name} of ${origin.file}`)
    }
  }
  return [...missing].toSorted((left, right) => (left < right ? -1 : 1))
}

/** The names that a file exports, with where each is declared. */
function exportsOf(file) {
  const { text } = read(file)
  const found = new Map()
  for (const [, names, from] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm)) {
    for (const { name, as } of listed(names)) {
      const source = from === undefined ? file : fileOf(file, from)
      const origin = source === undefined ? undefined : originOf(source, name)
      if (origin !== undefined) found.set(as, origin)
    }
  }
  for (const [, from] of text.matchAll(/^export (?:type )?\* from '([^']+)'/gm)) {
    const source = fileOf(file, from)
    if (source === undefined) continue
    for (const [name, origin] of exportsOf(source)) if (!found.has(name)) found.set(name, origin)
  }
  for (const name of declaredIn(text))
    if (declarationOf(file, name).startsWith('export')) found.set(name, { file, name })
  return found
}

/** Where a name that a file uses is declared; `undefined`: it is none of ours. */
function originOf(file, name) {
  const { text } = read(file)
  if (declaredIn(text).has(name)) return { file, name }
  for (const [, names, from] of text.matchAll(/^(?:import|export) (?:type )?\{([^}]*)\} from '([^']+)'/gm)) {
    const own = listed(names).find(({ as }) => as === name)
    if (own === undefined) continue
    const source = fileOf(file, from)
    return source === undefined ? undefined : (exportsOf(source).get(own.name) ?? originOf(source, own.name))
  }
  return undefined
}

const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|const|function) ([A-Za-z_$][\w$]*)/gm

function declaredIn(text) {
  return new Set([...text.matchAll(DECLARED)].map(([, name]) => name))
}

/** All declarations of a name, without what they say in quotes. */
function declarationOf(file, name) {
  const { text } = read(file)
  const starts = [...text.matchAll(/^(?:export|declare|interface|type|import)\b/gm)].map(({ index }) => index)
  return starts
    .map((start, index) => text.slice(start, starts[index + 1]))
    .filter((part) => [...part.matchAll(DECLARED)].some(([, found]) => found === name))
    .join('\n')
    .replaceAll(/'[^']*'/g, '')
}

function listed(names) {
  return names
    .split(',')
    .map((part) => part.trim().replace(/^type /, ''))
    .filter((part) => part !== '')
    .map((part) => {
      const [name, as = name] = part.split(' as ')
      return { name, as }
    })
}

/** The declarations that an import means; `undefined`: those of another project. */
function fileOf(file, from) {
  if (from.startsWith('.')) return resolve(dirname(file), from.replace(/\.[jt]s$/, '.d.ts'))
  const own = /^@tracebaton\/(\w+)(?:\/(\w+))?$/.exec(from)
  if (own === null) return undefined
  return resolve(import.meta.dirname, `../packages/${own[1]}/dist/esm/${own[2] ?? 'index'}.d.ts`)
}

const files = new Map()

/** A declaration file, without its comments. */
function read(file) {
  let found = files.get(file)
  if (found === undefined) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    files.set(file, (found = { text: text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '') }))
  }
  return found
}

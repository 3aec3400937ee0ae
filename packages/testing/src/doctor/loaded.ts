import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The CommonJS modules that this process has loaded, by file: all code of a process shares one cache. */
export function loadedModules(): readonly (readonly [file: string, exported: unknown])[] {
  const { cache } = createRequire(join(process.cwd(), 'any.js'))
  return Object.entries(cache).map(([file, module]) => [file, module?.exports] as const)
}

/** Whether a file belongs to a package, wherever that is installed. */
export function isOf(file: string, name: string): boolean {
  return file.replaceAll('\\', '/').includes(`/node_modules/${name}/`)
}

import { createRequire } from 'node:module'
import { afterEach, beforeEach } from 'vitest'

const { cache } = createRequire(import.meta.url)

/** Test files share a process: hides from each test what those before this one have loaded, and patched. */
export function hideLoadedModules(): void {
  const others = new Map<string, NodeJS.Module | undefined>()
  beforeEach(() => {
    for (const [file, module] of Object.entries(cache)) {
      if (!file.includes('node_modules')) continue
      others.set(file, module)
      Reflect.deleteProperty(cache, file)
    }
  })
  afterEach(() => {
    for (const [file, module] of others) cache[file] = module
    others.clear()
  })
}

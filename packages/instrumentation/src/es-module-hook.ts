import Module, { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LOADER } from './load.cjs'
import { load } from './loader.ts'
import { warn } from './packages.ts'
import { processWide } from './process-wide.ts'

const hook = processWide('tracebaton.instrumentation.loader.0', () => ({ installed: false }))

/** The first release of each line of Node that takes from a hook what it gives for CommonJS. */
const TAKES_HOOKS: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  22: [22, 3],
  24: [11, 1],
  25: [1, 0],
}

/**
 * Has an ES module ask for its exports. Node's hooks for modules cost each import some time, where they need a thread of
 * their own a start of 50 ms: so there are none unless the program has the package. Nor are there in a realm of its own, as
 * Jest has one for each file: they would see none of its modules, and keep it for ever. Never throws.
 *
 * @param file below `node_modules`
 */
export function askFromEsModule(file: string): void {
  if (hook.installed || !isNodesRealm() || !isInstalled(file.slice(0, file.indexOf('/')))) return
  hook.installed = true
  try {
    const { registerHooks } = Module as unknown as { readonly registerHooks?: (hooks: object) => void }
    if (registerHooks !== undefined && takesHooks(process.versions.node)) registerHooks({ load })
    // The thread of such hooks cannot read Yarn's archives, and would end the process.
    else if (process.versions['pnp'] !== undefined) throw new Error("Yarn Plug'n'Play with this version of it")
    else Module.register(pathToFileURL(LOADER))
  } catch (error) {
    warn(`Node takes no hook for modules, so ${file} is not traced: ${String(error)}`)
  }
}

/** Whether this runs among the built-in objects that Node itself has. */
function isNodesRealm(): boolean {
  return Object.getPrototypeOf(createRequire) === Function.prototype
}

/** Whether the program, as it is started, finds a package. */
function isInstalled(name: string): boolean {
  return [process.argv[1], join(process.cwd(), 'app.js')].some((from) => {
    try {
      return from !== undefined && createRequire(from).resolve(name) !== ''
    } catch {
      return false
    }
  })
}

function takesHooks(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const since = TAKES_HOOKS[major]
  if (since === undefined) return major >= 26
  return minor > since[0] || (minor === since[0] && patch >= since[1])
}

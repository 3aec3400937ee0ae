import Module from 'node:module'
import { PATCH } from './es-modules.ts'
import { askFromEsModule } from './es-module-hook.ts'
import { warn } from './packages.ts'
import { processWide } from './process-wide.ts'

/** Changes what one file of a package exports. It is asked once for each copy of the package that is loaded. */
export interface ModulePatch {
  /** The file's path below `node_modules`, with `/`: `kafkajs/index.js`. */
  readonly file: string
  /** The path of an ES module with the same class, for those who import it; see {@link ES_MODULES}. @default there is none */
  readonly esModule?: string
  /** What is loaded to get the exports. @default nothing: they are the package's own affair */
  readonly module?: string
  /** Gives what to export instead. If it throws, that is said, and the module stays as it is. */
  readonly patch: (exports: never) => object
}

type Compile = (this: NodeModule, content: string, filename: string, ...rest: unknown[]) => unknown

/** The one hook in a process, whichever copy of this package came first. */
const hook = processWide('tracebaton.instrumentation.hook.1', () => ({
  patches: new Map<string, ModulePatch>(),
  /** Paths of files that were patched, or could have been. */
  seen: new Set<string>(),
  /** Paths of files that were loaded before there was a patch for them. */
  late: new Set<string>(),
  installed: false,
}))

/** The path of a file below the last `node_modules`, with `/`. */
export function pathInPackages(filename: string): string | undefined {
  const at = filename.lastIndexOf('node_modules')
  return at === -1 ? undefined : filename.slice(at + 'node_modules/'.length).replaceAll('\\', '/')
}

/**
 * Has the exports of CommonJS files replaced as soon as Node has run them, for `require` and for `import` alike: Node runs
 * a CommonJS file by this method in either case, so that no loader is needed. `Module.prototype.load` would be too late,
 * because it keeps the exports for those who import them.
 *
 * @returns the files that were loaded before, and stay unpatched
 */
export function patchOnLoad(patches: readonly ModulePatch[]): readonly string[] {
  for (const file of loaded(patches.filter((patch) => !hook.patches.has(patch.file)))) hook.late.add(file)
  for (const patch of patches) {
    hook.patches.set(patch.file, patch)
    if (patch.esModule === undefined) continue
    hook.patches.set(patch.esModule, patch)
    askFromEsModule(patch.esModule)
  }
  if (!hook.installed) install()
  return [...hook.late].filter((file) => patches.some((patch) => patch.file === pathInPackages(file)))
}

function install(): void {
  hook.installed = true
  const compile = Reflect.get(Module.prototype, '_compile') as Compile
  const patching: Compile = function (content, filename, ...rest) {
    const result = Reflect.apply(compile, this, [content, filename, ...rest])
    const path = pathInPackages(filename)
    if (path === undefined || !hook.patches.has(path)) return result
    hook.seen.add(filename)
    this.exports = patchFile(path, this.exports)
    return result
  }
  Reflect.set(Module.prototype, '_compile', patching)
}

/**
 * The exports of a file as an instrumentation wants them; as they are, if there is none for it. Never throws.
 *
 * @param path below `node_modules`
 */
function patchFile(path: string, exports: unknown): unknown {
  const found = hook.patches.get(path)
  if (found === undefined) return exports
  try {
    return found.patch(exports as never)
  } catch (error) {
    warn(`${path} is not what this version knows, so it is not traced: ${String(error)}`)
    return exports
  }
}

/**
 * The exports of a module as instrumentations want them, where no file is compiled by Node itself. Never throws.
 *
 * @param name as it is loaded
 */
export function patchExports(name: string, exports: unknown): unknown {
  const files = Array.from(hook.patches).filter(([path, patch]) => patch.module === name && path === patch.file)
  return files.reduce((patched, [file]) => patchFile(file, patched), exports)
}

processWide(PATCH, () => patchFile)

/** The files of these patches that Node has loaded. */
function loaded(patches: readonly ModulePatch[]): readonly string[] {
  const files = new Set(patches.map(({ file }) => file))
  const { _cache: cache } = Module as unknown as { readonly _cache: Readonly<Record<string, unknown>> }
  return Object.keys(cache).filter((name) => files.has(pathInPackages(name) ?? ''))
}

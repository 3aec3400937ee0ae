/** What `@tracebaton/instrumentation` keeps of a process, as far as it is read here. It is no dependency of this package. */
interface Hook {
  /** By the paths, below `node_modules`, of the files that are patched. */
  readonly patches: ReadonlyMap<string, unknown>
  /** Full paths of the files that were patched. */
  readonly seen: ReadonlySet<string>
  /** Full paths of the files that were loaded before. */
  readonly late: ReadonlySet<string>
}

const home = globalThis as { readonly [key: symbol]: unknown }

/** The hook of this process; `undefined`: no instrumentation of ours was started. */
export function hookOfProcess(): Hook | undefined {
  const hook = home[Symbol.for('tracebaton.instrumentation.hook.1')] as Partial<Hook> | undefined
  const isOne =
    hook?.patches instanceof Map && hook.seen instanceof Set && hook.late instanceof Set && hook.patches.size > 0
  return isOne ? (hook as Hook) : undefined
}

/** Whether an official instrumentation leaves the messages of a client to us, although it traces what else that does. */
export function isSpared(client: 'sqs'): boolean {
  const spared = home[Symbol.for('tracebaton.instrumentation.spared.0')]
  return spared instanceof Set && spared.has(client)
}

/** The path of a file below the last `node_modules`, with `/`. */
export function pathInPackages(file: string): string | undefined {
  const at = file.lastIndexOf('node_modules')
  return at === -1 ? undefined : file.slice(at + 'node_modules/'.length).replaceAll('\\', '/')
}

/** The name of the package in such a path: its folder. */
export function packageIn(path: string): string {
  return path.split('/', path.startsWith('@') ? 2 : 1).join('/')
}

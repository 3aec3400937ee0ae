import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bundleOf } from './bundle.ts'
import { doubtful, ill, well, type Diagnosis } from './diagnosis.ts'
import { hookOfProcess, packageIn, pathInPackages } from './hook.ts'
import { textIn } from './installed.ts'
import { loadedModules } from './loaded.ts'
import { testedVersions } from './version.ts'

const ID = 'not-patched'
const INSTRUMENTATION = '@tracebaton/instrumentation'

/** Clients of this process that `@tracebaton/instrumentation` has patched, and those that it has not, each with the reason. */
export function diagnoseNotPatched(folder: string): Diagnosis[] {
  const files = loadedModules().map(([file]) => file)
  const hook = hookOfProcess()
  const bundle = bundleOf(process.argv[1])
  if (hook === undefined) return notStarted(files, bundle.clients, folder)
  const known = files.flatMap((file) => {
    const path = pathInPackages(file) ?? ''
    const way = hook.seen.has(file) ? 'patched' : hook.late.has(file) ? 'late' : 'unseen'
    return hook.patches.has(path) ? [{ client: packageIn(path), way }] : []
  })
  const namesOf = (wanted: string): string[] => [
    ...new Set(known.filter(({ way }) => way === wanted).map(({ client }) => client)),
  ]
  return [
    ...namesOf('patched').map((client) => well(ID, `${client} is patched by ${INSTRUMENTATION}.`)),
    ...namesOf('late').map(loadedBefore),
    ...namesOf('unseen').map(loadedByOthers),
    ...underOtherNames(files),
    ...(bundle.plugged ? [] : bundle.clients.map(inBundle)),
  ]
}

function loadedBefore(client: string): Diagnosis {
  const words = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  const isRequired = words.some((word) => /^(?:-r|--require)(?:=|$)/.test(word))
  return ill(
    ID,
    `${client} was loaded before ${INSTRUMENTATION}: what is made of that copy is not traced.`,
    isRequired
      ? `Node loads what is given by --require before what is given by --import: node --require ${INSTRUMENTATION}/register, before any other.`
      : `Load the instrumentation before the application: node --import ./telemetry.js app.js, and no client in that file.`,
  )
}

/** What `module.register` has registered may give Node the source of CommonJS files: it compiles them elsewhere, then. */
function loadedByOthers(client: string): Diagnosis {
  return ill(
    ID,
    `${client} was loaded by a module loader that gives Node the source of CommonJS files: ${INSTRUMENTATION} sees no such file, and what is made of that copy is not traced.`,
    `Have that loader (--loader, module.register) leave files in node_modules to Node, or wrap what is made of ${client} by hand.`,
  )
}

function inBundle(client: string): Diagnosis {
  return ill(
    ID,
    `${client} is in the bundle ${process.argv[1]}: ${INSTRUMENTATION} sees no file of it.`,
    `Build with tracebatonPlugin() of ${INSTRUMENTATION}/esbuild, or leave the client outside of the bundle (external).`,
  )
}

/** Nothing asks for it, although it is installed. */
function notStarted(files: readonly string[], bundled: readonly string[], folder: string): Diagnosis[] {
  try {
    createRequire(join(folder, 'any.js')).resolve(INSTRUMENTATION)
  } catch {
    return []
  }
  const loaded = new Set([...bundled, ...files.map((file) => packageIn(pathInPackages(file) ?? ''))])
  const clients = Object.keys(testedVersions).filter((client) => loaded.has(client))
  return clients.map((client) =>
    doubtful(
      ID,
      `${client} is loaded, and ${INSTRUMENTATION} is installed, but not started.`,
      `node --import ./telemetry.js app.js, with getTracebatonInstrumentations() in that file; or wrap the client by hand.`,
    ),
  )
}

/** Clients that are known by the folder that they are in, and are in another one. */
function underOtherNames(files: readonly string[]): Diagnosis[] {
  const folders = new Map<string, string>()
  for (const file of files) {
    const path = pathInPackages(file)
    if (path === undefined) continue
    const name = packageIn(path)
    folders.set(`${file.slice(0, file.length - path.length)}${name}`, name)
  }
  return [...folders].flatMap(([folder, name]) => {
    const real = textIn(folder, 'name') ?? name
    return real !== name && Object.hasOwn(testedVersions, real) ? [otherName(real, name, ill)] : []
  })
}

/** What is said of a client that is installed under another name. */
export function otherName(client: string, name: string, say: typeof ill): Diagnosis {
  return say(
    ID,
    `${client} is installed as ${name}: ${INSTRUMENTATION} knows a client by its folder, and does not patch it.`,
    `Install it by its own name, or wrap what is made of ${name} by hand.`,
  )
}

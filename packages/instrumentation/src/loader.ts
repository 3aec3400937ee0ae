// What Node's own hooks for modules run, on a thread of their own or on the application's: so it knows nothing of the rest.
import { ES_MODULES, lineForEsModule } from './es-modules.ts'

interface Loaded {
  readonly format?: string | null | undefined
  readonly source?: unknown
}

type Next = (url: string, context: object) => Loaded | Promise<Loaded>

/** Loads a module. One of those that we know asks the instrumentations of the process for what it exports. */
export function load(url: string, context: object, next: Next): Loaded | Promise<Loaded> {
  const loaded = next(url, context)
  const known = url.startsWith('file:')
    ? ES_MODULES.find(({ file }) => url.endsWith(`/node_modules/${file}`))
    : undefined
  if (known === undefined) return loaded
  const withLine = (own: Loaded): Loaded => {
    if (own.format !== 'module' || own.source === null || own.source === undefined) return own
    return { ...own, source: textOf(own.source) + lineForEsModule(known) }
  }
  return 'then' in loaded ? loaded.then(withLine) : withLine(loaded)
}

function textOf(source: unknown): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array)
}

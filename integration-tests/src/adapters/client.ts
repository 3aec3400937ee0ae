import { cp, mkdir, symlink } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { root } from '../packed.ts'

/** The package of a client, where it is not the one that the fixture imports by its name. */
export interface OtherClient<Module, Adapter = unknown> {
  /** What it exports. */
  readonly module: Module
  /** Its name, and the file that stands for it in other processes. */
  readonly replaces: readonly [name: string, url: string]
  /** The adapter as it is installed beside this client. @default the adapter of the workspace, beside the newest one */
  readonly adapter?: Adapter | undefined
}

/**
 * Loads a version of a client.
 *
 * @param name what programs import the client by
 * @param specifier what it is called where it is installed
 * @param from the file, or the folder with a slash at its end, from which it is looked for
 */
export async function loadClient<Module>(name: string, specifier: string, from: string): Promise<OtherClient<Module>> {
  const url = pathToFileURL(createRequire(from).resolve(specifier)).href
  const module = (await import(/* @vite-ignore */ url)) as Module
  return { module, replaces: [name, url] }
}

/**
 * Loads an adapter that imports its client from a folder where both are installed.
 *
 * @param folder is empty
 */
export async function adapterBeside<Adapter>(
  adapter: string,
  { replaces: [name, url] }: OtherClient<unknown>,
  folder: string,
): Promise<Adapter> {
  const modules = join(folder, 'node_modules')
  const own = join(modules, '@tracebaton', adapter)
  await Promise.all(
    ['@tracebaton', '@opentelemetry', '@aws-sdk'].map((it) => mkdir(join(modules, it), { recursive: true })),
  )
  await Promise.all([
    cp(join(root, 'packages', adapter, 'dist'), join(own, 'dist'), { recursive: true }),
    cp(join(root, 'packages', adapter, 'package.json'), join(own, 'package.json')),
    symlink(join(root, 'packages/core'), join(modules, '@tracebaton/core')),
    symlink(join(root, 'node_modules/@opentelemetry/api'), join(modules, '@opentelemetry/api')),
    symlink(packageOf(url).folder, join(modules, name)),
  ])
  return (await import(/* @vite-ignore */ pathToFileURL(join(own, 'dist/esm/index.js')).href)) as Adapter
}

/** The version of a client. */
export function versionOf({ replaces: [, url] }: OtherClient<unknown>): string {
  return packageOf(url).version
}

/** The package that a file belongs to. */
function packageOf(url: string): { readonly folder: string; readonly version: string } {
  for (let folder = new URL('.', url); ; folder = new URL('..', folder)) {
    try {
      const { version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
      if (version !== undefined) return { folder: fileURLToPath(folder), version }
    } catch {
      // One folder up.
    }
  }
}

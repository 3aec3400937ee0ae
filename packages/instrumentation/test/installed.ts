import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach } from 'vitest'

const HOLLOW = fileURLToPath(new URL('hollow', import.meta.url))

/** A folder in which hollow clients are installed: each new one is loaded anew. */
export interface Installed {
  readonly folder: string
  readonly require: NodeJS.Require
}

/** Installs the hollow clients as often as a test wants, and takes everything back, the hook of Node included. */
export function installer(): () => Installed {
  const compile: unknown = Reflect.get(Module.prototype, '_compile')
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })
  afterAll(() => {
    Reflect.set(Module.prototype, '_compile', compile)
  })
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'tracebaton-installed-'))
    folders.push(folder)
    cpSync(HOLLOW, join(folder, 'node_modules'), { recursive: true })
    return { folder, require: createRequire(join(folder, 'app.js')) }
  }
}

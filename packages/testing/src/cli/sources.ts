import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UsageError } from './command.ts'
import type { Terminal } from './terminal.ts'

/** Files that can be read more than once. */
export interface Sources extends AsyncDisposable {
  readonly files: readonly string[]
  /** Of all of them together. */
  readonly bytes: number
  /** What the user calls a file. */
  readonly nameOf: (file: string) => string
}

/**
 * Makes sure that there is something to read. Standard input is put into a temporary file, because two passes read it.
 * Rejects with a `UsageError`.
 */
export async function openSources(given: readonly string[], terminal: Terminal): Promise<Sources> {
  if (given.length === 0) throw new UsageError('A file is needed, or - for standard input')
  if (given.indexOf('-') !== given.lastIndexOf('-')) throw new UsageError('- can be given once')
  const folder = given.includes('-') ? await mkdtemp(join(tmpdir(), 'tracebaton-')) : undefined
  const input = folder === undefined ? '' : join(folder, 'input')
  try {
    if (folder !== undefined) await pipeline(Readable.from(terminal.input), createWriteStream(input))
    const files = given.map((file) => (file === '-' ? input : file))
    const sizes = await Promise.all(files.map((file) => sizeOf(file)))
    return {
      files,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      nameOf: (file) => (file === input ? 'standard input' : file),
      [Symbol.asyncDispose]: () => remove(folder),
    }
  } catch (error) {
    await remove(folder)
    throw error
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const { size } = await stat(file)
    return size
  } catch {
    throw new UsageError(`There is no file ${file}, or it cannot be read`)
  }
}

async function remove(folder: string | undefined): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}

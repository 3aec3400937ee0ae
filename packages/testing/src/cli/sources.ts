import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
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
 * Makes sure that there is something to read, and that `out`, where the result goes, is none of it. Standard input, and a pipe that the shell names like a file, are put into
 * temporary files, because two passes read them. Rejects with a `UsageError`.
 */
export async function openSources(given: readonly string[], terminal: Terminal, out?: string): Promise<Sources> {
  if (given.length === 0) throw new UsageError('A file is needed, or - for standard input')
  if (given.indexOf('-') !== given.lastIndexOf('-')) throw new UsageError('- can be given once')
  await checkFolderOf(out)
  const names = new Map<string, string>()
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    let bytes = 0
    for (const name of given) {
      if (out !== undefined && name !== '-' && (await isSame(name, out))) {
        throw new UsageError(`--out ${out} would overwrite the input ${name}`)
      }
      const file = await fileOf(name, join(folder, String(names.size)), terminal)
      names.set(file, name === '-' ? 'standard input' : name)
      bytes += (await stat(file)).size
    }
    return {
      files: [...names.keys()],
      bytes,
      nameOf: (file) => names.get(file) ?? file,
      [Symbol.asyncDispose]: remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** @param copy where the content goes if it can be read once only, and where it is unpacked */
async function fileOf(name: string, copy: string, terminal: Terminal): Promise<string> {
  const found = name === '-' ? undefined : await statOf(name)
  if (found?.isDirectory()) throw new UsageError(`${name} is a folder; name the files in it: ${join(name, '*.jsonl')}`)
  const file = found?.isFile() ? name : copy
  if (file === copy) {
    await pipeline(name === '-' ? Readable.from(terminal.input) : createReadStream(name), createWriteStream(copy))
  }
  if (!(await beginsWith(file, gzip))) return file
  const unpacked = `${copy}.unpacked`
  try {
    await pipeline(createReadStream(file), createGunzip(), createWriteStream(unpacked))
  } catch {
    throw new UsageError(`${name} is packed with gzip, and damaged`)
  }
  return unpacked
}

const gzip = Buffer.from([0x1f, 0x8b])

/** Whether these are the first bytes of a file. */
export async function beginsWith(path: string, bytes: Buffer): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, 0)
    return buffer.subarray(0, bytesRead).equals(bytes)
  } finally {
    await file.close()
  }
}

/** Makes sure that a result can be written to `out`. Rejects with a `UsageError`. */
async function checkFolderOf(out: string | undefined): Promise<void> {
  if (out === undefined) return
  const folder = dirname(out)
  if (!(await isFolder(folder))) throw new UsageError(`There is no folder ${folder} for --out ${out}`)
  if (await isFolder(out)) throw new UsageError(`--out ${out} is a folder; name a file in it`)
}

/** Whether there is such a folder. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}

/** Whether two names lead to one file, by links too. */
async function isSame(name: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([name, other].map((path) => stat(path).catch(() => undefined)))
  return one !== undefined && two !== undefined && one.ino === two.ino && one.dev === two.dev
}

async function statOf(file: string) {
  try {
    return await stat(file)
  } catch {
    throw new UsageError(`There is no file ${file}, or it cannot be read`)
  }
}

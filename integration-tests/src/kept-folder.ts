import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from './leftovers.ts'

/** A folder that this process has to itself. */
export interface KeptFolder {
  readonly path: string
  /** Leaves it to the next run, as it is. Never rejects. */
  keep(): Promise<void>
  /** Removes it. */
  remove(): Promise<void>
}

/**
 * Takes the folder that an earlier run has kept under this name, or an empty one. Nobody else gets it meanwhile, and
 * what dead runs had taken is removed.
 */
export async function takeFolder(name: string): Promise<KeptFolder> {
  const kept = `tracebaton-${process.getuid?.() ?? 'user'}-${name}`
  const [home, path] = [join(tmpdir(), kept), join(tmpdir(), `${kept}-${process.pid}`)]
  const taken = (await readdir(tmpdir())).filter((folder) => folder.startsWith(`${kept}-`))
  const ownerOf = (folder: string): number => Number(folder.slice(kept.length + 1))
  // Where the owner has our number, it had that number before us.
  const dead = taken.filter((folder) => ownerOf(folder) === process.pid || !isAlive(ownerOf(folder)))
  await Promise.all(dead.map((folder) => rm(join(tmpdir(), folder), { recursive: true, force: true })))
  await rename(home, path).catch(() => mkdir(path))
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true })
  // Where another run was quicker, one is enough.
  return { path, remove, keep: () => rename(path, home).catch(remove) }
}

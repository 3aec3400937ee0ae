import { createHash } from 'node:crypto'
import { chmod, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { takeFolder, type KeptFolder } from './kept-folder.ts'
import { npm, pack, root, unpack, type Tarball } from './packed.ts'

/**
 * A project of a user: a folder of `fixtures`, with what its manifest names and with the packages of the workspace, as they
 * would be published. What is installed beside them is kept for the next run, until a manifest changes.
 *
 * @param say told what is done
 */
export async function takeProject(
  name: string,
  packages: readonly string[],
  say: (what: string) => void = () => {},
): Promise<KeptFolder> {
  const fixture = resolve(import.meta.dirname, '../fixtures', name)
  const manifests = [fixture, ...packages.map((one) => join(root, 'packages', one))]
  const contents = await Promise.all(manifests.map((path) => readFile(join(path, 'package.json'))))
  const hash = createHash('sha256').update(process.version).update(Buffer.concat(contents)).digest('hex')
  const kept = await takeFolder(name)
  try {
    const { path } = kept
    const old = (await readFile(join(path, 'hash'), 'utf8').catch(() => '')) !== hash
    await removeAllBut(old ? '' : 'node_modules', path)
    await rm(join(path, 'node_modules/@tracebaton'), { recursive: true, force: true })
    await cp(fixture, path, { recursive: true })
    say(`packing ${packages.join(', ')}`)
    const tarballs = await pack(packages, path)
    say('installing them into a project of their own')
    await (old ? install(path, tarballs) : unpackAll(path, tarballs))
    await writeFile(join(path, 'hash'), hash)
  } catch (error) {
    await kept.remove()
    throw error
  }
  return kept
}

async function removeAllBut(spared: string, folder: string): Promise<void> {
  const others = (await readdir(folder)).filter((name) => name !== spared)
  await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

async function install(path: string, tarballs: readonly Tarball[]): Promise<void> {
  const files = tarballs.map(({ filename }) => join(path, filename))
  await npm(path, 150_000, 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...files)
}

/** Where everything else is as npm has installed it, it would only look at hundreds of packages again. */
async function unpackAll(path: string, tarballs: readonly Tarball[]): Promise<void> {
  const modules = join(path, 'node_modules')
  await Promise.all(tarballs.map(({ name, filename }) => unpack(join(path, filename), join(modules, name))))
  await chmod(join(modules, '.bin/tracebaton'), 0o755).catch(() => {})
}

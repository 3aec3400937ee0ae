import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COPIED = [
  'packages',
  'examples/stream-adapter',
  'integration-tests/src',
  'integration-tests/package.json',
  'scripts/test/fresh.ts',
  'package.json',
  'tsconfig.base.json',
]

/** Left behind: what is installed, and what is built, because the tests take every package from its source. */
const LEFT = new Set(['node_modules', 'dist', '.turbo'])

/** Copies what the suites need into a temporary folder, and links what is installed. */
export async function makeCopy() {
  const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  const folder = await mkdtemp(join(tmpdir(), 'mutations-'))
  for (const path of COPIED) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await cp(join(repository, path), join(folder, path), {
      recursive: true,
      filter: (from) => !LEFT.has(basename(from)),
    })
  }
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  for (const name of await readdir(join(repository, 'node_modules'))) {
    if (name !== '@tracebaton') await symlink(join(repository, 'node_modules', name), join(modules, name))
  }
  return {
    folder,
    path: (path) => join(folder, path),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

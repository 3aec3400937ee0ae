import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npm, type Tarball } from './packed.ts'

/** A project of a user, with what npm has chosen for it. */
export interface Project extends AsyncDisposable {
  readonly folder: string
  /** The packages, with their versions, by their paths below `node_modules`. */
  readonly packages: ReadonlyMap<string, string>
}

/**
 * Has npm install packages, as their names and ranges, into an empty folder. Those of the workspace come from tarballs,
 * wherever they are asked for. Rejects if npm refuses.
 *
 * @param tarballs of all packages of the workspace, in a folder
 * @param only whether npm only chooses the packages, which is quicker, and fetches none of them
 */
export async function installProject(
  tarballs: readonly Tarball[],
  from: string,
  wanted: Readonly<Record<string, string>>,
  only: 'chosen' | 'all' = 'all',
): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-project-'))
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const files = Object.fromEntries(tarballs.map(({ name, filename }) => [name, `file:${join(from, filename)}`]))
    const dependencies = Object.fromEntries(
      Object.entries(wanted).map(([name, range]) => [name, files[name] ?? range] as const),
    )
    const overrides = Object.fromEntries(Object.entries(files).filter(([name]) => !(name in wanted)))
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }))
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--strict-peer-deps']
    await npm(folder, 120_000, 'install', ...flags, ...(only === 'chosen' ? ['--package-lock-only'] : []))
    const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly version?: string }>>
    }
    const packages = Object.entries(lock.packages).flatMap(([path, { version = '' }]) =>
      path === '' ? [] : [[path.slice('node_modules/'.length), version] as const],
    )
    return { folder, packages: new Map(packages), [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

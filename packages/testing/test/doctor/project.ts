import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder with these packages in it, by path: `node_modules/kafkajs` and its version. */
export async function projectWith(packages: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tracebaton-project-')))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [path, version] of Object.entries(packages)) {
    await mkdir(join(folder, path), { recursive: true })
    await writeFile(join(folder, path, 'package.json'), JSON.stringify({ version }))
  }
  return folder
}

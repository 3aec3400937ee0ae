import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { root } from './packed.ts'

const PACKAGES = join(root, 'node_modules')

/**
 * Compiles the programs in a folder as a user's project does, with the packages of the workspace installed. Where that
 * fails, the folder is removed, and this rejects with what the compiler said.
 *
 * @param type of the modules that come out
 * @param more options of the compiler
 */
export async function compile(
  folder: string,
  type: 'module' | 'commonjs',
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const compilerOptions = { module: 'nodenext', target: 'es2023', noCheck: true, types: [], ...more }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  await symlink(PACKAGES, join(folder, 'node_modules'))
  const { code, stdout } = await run(process.execPath, [join(PACKAGES, 'typescript/bin/tsc'), '-p', folder])
  if (code === 0) return
  await rm(folder, { recursive: true })
  throw new Error(stdout)
}

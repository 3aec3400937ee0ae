import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'

/** The workspace. */
export const root: string = resolve(import.meta.dirname, '../..')

/** What npm has packed: the name of a package, and its file. */
export interface Tarball {
  readonly name: string
  readonly filename: string
}

/** Packs packages of the workspace as they would be published, into a folder. */
export async function pack(packages: readonly string[], destination: string): Promise<Tarball[]> {
  const workspaces = packages.map((name) => `--workspace=packages/${name}`)
  const packed = await npm(root, 120_000, 'pack', '--json', `--pack-destination=${destination}`, ...workspaces)
  // npm prints a list, or since version 12 an object by package name.
  return Object.values(JSON.parse(packed) as Record<string, Tarball>)
}

/** Unpacks a tarball where a package manager would. */
export async function unpack(tarball: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await execute(folder, 30_000, 'tar', ['-xzf', tarball, '--strip-components=1', '-C', folder])
}

/** Runs the npm that runs us, or else the one there is. */
export function npm(folder: string, timeout: number, ...args: string[]): Promise<string> {
  const started = process.env['npm_execpath']
  return started?.endsWith('.js') === true
    ? execute(folder, timeout, process.execPath, [started, ...args])
    : execute(folder, timeout, 'npm', args)
}

/** Runs a command in an environment like a user's shell; resolves with what it prints, rejects with all it printed. */
export async function execute(cwd: string, timeout: number, command: string, args: string[]): Promise<string> {
  return (await run(cwd, timeout, command, args)).stdout
}

/** The same, and resolves with both of what it prints. */
export function run(
  cwd: string,
  timeout: number,
  command: string,
  args: string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:NODE_|VITEST|JEST|TEST$|DEV$|PROD$|OTEL_|npm_(?:package|lifecycle|config_local_prefix))/.test(name),
  )
  return new Promise((succeed, fail) => {
    execFile(command, args, { cwd, timeout, env: Object.fromEntries(inherited) }, (error, stdout, stderr) => {
      if (error === null) succeed({ stdout, stderr })
      else fail(new Error(`${error.message}\n${stdout}\n${stderr}`))
    })
  })
}

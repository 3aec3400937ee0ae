import { existsSync } from 'node:fs'
import { lastLine, run } from './command.ts'
import { announced, say } from './progress.ts'

/**
 * Whether tests may install what they need: on a bare Debian machine run by root (CI, a container). Somebody's own
 * machine has a service manager; what is installed there is not for tests to decide.
 */
export function mayInstall(): boolean {
  return (
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    existsSync('/etc/debian_version') &&
    (Boolean(process.env['CI']) || !existsSync('/run/systemd/system'))
  )
}

/** Installs Debian packages and says so. Resolves with what went wrong, or undefined. Never rejects. */
export async function installPackages(...names: readonly string[]): Promise<string | undefined> {
  say(`no ${names[0]} here: installing it with apt-get`)
  const steps = [['update'], ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', ...names]]
  for (const parameters of steps) {
    const command = `apt-get ${parameters.length === 1 ? 'update' : `install ${names[0]}`}`
    // oxlint-disable-next-line no-await-in-loop -- one needs the other
    const result = await announced(command, () =>
      run('apt-get', parameters, { environment: { DEBIAN_FRONTEND: 'noninteractive' } }),
    )
    if (result.code !== 0) {
      return `${command} failed: ${lastLine(result.stderr)}`
    }
  }
  return undefined
}

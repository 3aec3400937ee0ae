import { hostname } from 'node:os'
import { run } from './command.ts'

const hostLabel = 'tracebaton.host'
const processLabel = 'tracebaton.process'

/** Labels that say which process a container belongs to. */
export const ownerLabels: Readonly<Record<string, string>> = {
  [hostLabel]: hostname(),
  [processLabel]: String(process.pid),
}

/** Removes the containers of earlier runs on this machine that ended without removing them. Never rejects. */
export async function removeLeftovers(): Promise<void> {
  const { stdout } = await run('docker', [
    'ps',
    '--all',
    '--filter=label=org.testcontainers=true',
    `--filter=label=${hostLabel}=${hostname()}`,
    `--format={{.ID}} {{.Label "${processLabel}"}}`,
  ])
  const dead = stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([container, owner]) => container && owner && !isAlive(Number(owner)))
    .map(([container = '']) => container)
  if (dead.length > 0) {
    await run('docker', ['rm', '--force', '--volumes', ...dead])
  }
}

/** Whether there is a process of this id on this machine. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    // Not allowed to signal it: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

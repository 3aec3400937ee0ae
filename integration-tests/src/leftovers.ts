import { hostname } from 'node:os'
import { run } from './command.ts'

const hostLabel = 'tracebaton.host'
const processLabel = 'tracebaton.process'

/** Labels that say which process a container belongs to. */
export const ownerLabels: Readonly<Record<string, string>> = {
  [hostLabel]: hostname(),
  [processLabel]: String(process.pid),
}

/** Removes the containers and networks of earlier runs on this machine that ended without removing them. Never rejects. */
export async function removeLeftovers(): Promise<void> {
  const containers = await leftBehind(['ps', '--all'])
  if (containers.length > 0) {
    await run('docker', ['rm', '--force', '--volumes', ...containers])
  }
  const networks = await leftBehind(['network', 'ls'])
  if (networks.length > 0) {
    await run('docker', ['network', 'rm', ...networks])
  }
}

async function leftBehind(list: readonly string[]): Promise<string[]> {
  const { stdout } = await run('docker', [
    ...list,
    `--filter=label=${hostLabel}=${hostname()}`,
    `--format={{.ID}} {{.Label "${processLabel}"}}`,
  ])
  return stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([id, owner]) => id && owner && !isAlive(Number(owner)))
    .map(([id = '']) => id)
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

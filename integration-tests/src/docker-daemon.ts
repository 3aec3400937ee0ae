import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** What became of an attempt to start the daemon. */
export interface Daemon {
  readonly running: boolean
  /** Path of the file that the daemon writes its log to. */
  readonly log: string
}

// The default storage driver needs overlay mounts, which a container's own file system may refuse; vfs needs nothing.
const variants: readonly (readonly string[])[] = [[], ['--storage-driver=vfs']]

/**
 * Starts dockerd in a session of its own, so that it outlives this process, and waits for it, up to 60 s each with its
 * default storage driver and with the one that works on any file system. Never rejects.
 */
export async function startDaemon(answers: () => Promise<boolean>): Promise<Daemon> {
  const log = join(tmpdir(), 'tracebaton-dockerd.log')
  for (const parameters of variants) {
    // oxlint-disable-next-line no-await-in-loop -- the second is tried only when the first fails
    if (await startVariant(parameters, log, answers)) {
      return { running: true, log }
    }
  }
  return { running: false, log }
}

async function startVariant(
  parameters: readonly string[],
  log: string,
  answers: () => Promise<boolean>,
): Promise<boolean> {
  const file = openSync(log, 'a')
  const child = spawn('dockerd', parameters, { detached: true, stdio: ['ignore', file, file] })
  closeSync(file)
  const ended = new AbortController()
  for (const event of ['error', 'exit']) {
    child.on(event, () => {
      ended.abort()
    })
  }
  const deadline = performance.now() + 60_000
  /* oxlint-disable no-await-in-loop -- polling */
  while (!ended.signal.aborted && performance.now() < deadline) {
    if (await answers()) {
      child.unref()
      return true
    }
    await delay(200)
  }
  /* oxlint-enable no-await-in-loop */
  if (!ended.signal.aborted) {
    child.kill()
    await once(child, 'exit')
  }
  return false
}

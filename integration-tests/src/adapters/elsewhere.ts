import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Elsewhere, Task } from '../contract/fixture.ts'
import type { OtherClient } from './client.ts'

const fileOf = (program: string): string => fileURLToPath(new URL(`programs/${program}`, import.meta.url))

/**
 * Runs a program of this folder on a task and gives what it prints. Rejects when it fails or takes a minute.
 *
 * @param other the client that the program works with. Default: the one that it imports by its name
 * @param patched whether its module is patched. Default: the program wraps what it makes
 */
export async function runElsewhere(
  program: 'amqp-process.js' | 'bullmq-process.js' | 'kafka-process.js' | 'sqs-process.js',
  address: string,
  task: Task,
  other?: OtherClient<unknown>,
  patched = false,
): Promise<Elsewhere> {
  const hook = other === undefined ? [] : ['--import', fileOf('in-place-of.js')]
  if (patched) hook.push('--import', fileOf('patched.js'))
  const parameters = [...hook, fileOf(program), address, JSON.stringify(task)]
  const { stdout } = await promisify(execFile)(process.execPath, parameters, {
    timeout: 60_000,
    env: { ...process.env, ...(other && { TRACEBATON_IN_PLACE_OF: JSON.stringify(other.replaces) }) },
  })
  return JSON.parse(stdout) as Elsewhere
}

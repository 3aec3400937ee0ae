import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Elsewhere, Task } from '../contract/fixture.ts'

/** Runs a program of this folder on a task and gives what it prints. Rejects when it fails or takes a minute. */
export async function runElsewhere(
  program: 'amqp-process.js' | 'bullmq-process.js' | 'kafka-process.js' | 'sqs-process.js',
  address: string,
  task: Task,
): Promise<Elsewhere> {
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, address, JSON.stringify(task)], {
    timeout: 60_000,
  })
  return JSON.parse(stdout) as Elsewhere
}

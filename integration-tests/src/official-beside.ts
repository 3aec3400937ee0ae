import { fileURLToPath } from 'node:url'
import type { RecordedSpan } from '@tracebaton/testing'
import { run } from './command.ts'
import { NODE } from './node.ts'

/** What the program prints. */
export interface Beside {
  readonly spans: readonly RecordedSpan[]
  /** Those of the message, as they arrived; one that was there twice is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly warnings: readonly string[]
}

/** How an official instrumentation stands beside ours: in what it gives way, else before or after ours in the list. */
export type Way = 'in place' | 'before' | 'after'

/** The official instrumentations of our clients, each with its broker. */
export const OFFICIAL = { kafkajs: 'kafka', amqplib: 'rabbitmq', 'aws-sdk': 'sqs' } as const

export type Official = keyof typeof OFFICIAL

export const PROGRAMS: string = fileURLToPath(new URL('adapters/programs', import.meta.url))

/**
 * Sends and handles one message, with both.
 *
 * @param folder where the program and its SDK are
 */
export async function playBeside(
  official: Official,
  way: Way,
  brokers: Readonly<Record<(typeof OFFICIAL)[Official], string>>,
  folder: string = PROGRAMS,
): Promise<Beside> {
  const parameters = ['official-beside.cjs', official, way, brokers[OFFICIAL[official]]]
  const { code, stdout, stderr } = await run(NODE, parameters, { folder, environment: { NODE_OPTIONS: '' } })
  if (code !== 0) throw new Error(`The program ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as Beside
}

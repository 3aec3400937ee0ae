import type { TestProject } from 'vitest/node'
import { brokerNames, givenAddress } from './broker-names.ts'
import { type Brokers, prepareBrokers, startBrokers } from './brokers.ts'

/** The brokers that the suites share, started once per run. A test that restarts one starts one of its own. */
export const sharedBrokers = ['kafka', 'sqs'] as const

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- merged with the declaration in vitest
  export interface ProvidedContext {
    /** Addresses of the shared brokers: `inject("brokers").kafka`. */
    readonly brokers: Readonly<Record<(typeof sharedBrokers)[number], string>>
  }
}

let running: Brokers<(typeof sharedBrokers)[number]> | undefined

/** Starts the shared brokers before the first test file, and has the images of the others ready. */
export async function setup(project: TestProject): Promise<void> {
  const allGiven = sharedBrokers.every((name) => givenAddress(name) !== undefined)
  if (!allGiven) {
    await prepareBrokers(brokerNames)
  }
  running = await startBrokers(sharedBrokers)
  project.provide('brokers', { kafka: running.kafka.address, sqs: running.sqs.address })
}

/** Removes the shared brokers after the last test file. */
export async function teardown(): Promise<void> {
  await running?.[Symbol.asyncDispose]()
}

import type { TestProject } from 'vitest/node'
import { brokerNames, givenAddress, sharedNames } from './broker-names.ts'
import { type Brokers, prepareBrokers, startBrokers } from './brokers.ts'

type SharedName = (typeof sharedNames)[number]

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- merged with the declaration in vitest
  export interface ProvidedContext {
    /** Addresses of the brokers that the suites share: `inject("brokers").kafka`. A test that restarts one starts one of its own. */
    readonly brokers: Readonly<Record<SharedName, string>>
  }
}

let running: Brokers<SharedName> | undefined

/** Starts one of each broker that is shared before the first test file, side by side, and has the images of the others ready. */
export async function setup(project: TestProject): Promise<void> {
  // Whoever gives all of them by address may have no Docker.
  if (sharedNames.some((name) => givenAddress(name) === undefined)) await prepareBrokers(brokerNames)
  running = await startBrokers(sharedNames)
  const { kafka, rabbitmq, redis, sqs } = running
  project.provide('brokers', {
    kafka: kafka.address,
    rabbitmq: rabbitmq.address,
    redis: redis.address,
    sqs: sqs.address,
  })
}

/** Removes them after the last test file. */
export async function teardown(): Promise<void> {
  await running?.[Symbol.asyncDispose]()
}

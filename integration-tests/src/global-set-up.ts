import type { TestProject } from 'vitest/node'
import { type BrokerName, brokerNames } from './broker-names.ts'
import { type Brokers, startBrokers } from './brokers.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- merged with the declaration in vitest
  export interface ProvidedContext {
    /** Addresses of the brokers that the suites share: `inject("brokers").kafka`. A test that restarts one starts one of its own. */
    readonly brokers: Readonly<Record<BrokerName, string>>
  }
}

let running: Brokers<BrokerName> | undefined

/** Starts one broker of each kind before the first test file, side by side. */
export async function setup(project: TestProject): Promise<void> {
  running = await startBrokers(brokerNames)
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

import type { TestProject } from 'vitest/node'
import { type BackendAddresses, type Backends, startBackends } from './backends.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- merged with the declaration in vitest
  export interface ProvidedContext {
    /** Where the backends are that the tests share. */
    readonly backends: BackendAddresses
  }
}

let running: Backends | undefined

/** Starts the backends before the first test file, side by side. */
export async function setup(project: TestProject): Promise<void> {
  running = await startBackends()
  project.provide('backends', running.addresses)
}

/** Removes them after the last test file. */
export async function teardown(): Promise<void> {
  await running?.[Symbol.asyncDispose]()
}

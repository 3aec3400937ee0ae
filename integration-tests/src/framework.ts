import { spawn } from 'node:child_process'
import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  assertJourney,
  createReceiver,
  type RecordedSpan,
  type Receiver,
  type UntilCondition,
} from '@tracebaton/testing'
import { expect } from 'vitest'
import { only, operations } from './contract/expectations.ts'
import { NODE } from './node.ts'
import { toProgram } from './program.ts'
import { compile } from './typescript.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/frameworks', import.meta.url))

/** An application on a framework, in a process of its own, that is traced without a change of its code. */
export interface Application extends AsyncDisposable {
  /** Its spans. */
  readonly receiver: Receiver
  /** Waits until a message of this id, or each that begins with the first step, has gone this way. */
  journey(steps: readonly string[], message?: string): Promise<void>
  /** Waits for something to be recorded. */
  until<T>(condition: UntilCondition<T>): Promise<T>
  /** Waits for the span of a name, of which there is one. */
  span(name: string): Promise<RecordedSpan>
  /** The one span of an operation type on a destination. */
  operation(type: 'send' | 'process', destination: string): RecordedSpan
  /** Has it close everything, and waits for its end. Its last spans have arrived then. */
  stop(): Promise<void>
}

/** How an application is started. */
export interface StartOptions {
  /** What it is compiled to. @default 'module' */
  readonly style?: 'module' | 'commonjs'
  /** What traces the clients; `undefined`: the application itself. @default register of the instrumentation */
  readonly instrumentation?: string | undefined
}

/** Compiles and starts a program of `fixtures/frameworks` as a user would, by `node --import` alone. */
export async function startApplication(
  name: string,
  environment: Readonly<Record<string, string>>,
  options: StartOptions = {},
): Promise<Application> {
  const { style = 'module' } = options
  const { instrumentation } = { instrumentation: '@tracebaton/instrumentation/register', ...options }
  const preloaded = instrumentation === undefined ? [] : ['--import', instrumentation]
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-framework-'))
  await cp(FIXTURES, folder, { recursive: true })
  await compile(folder, style, { experimentalDecorators: true })
  const receiver = await createReceiver()
  const child = spawn(NODE, [...preloaded, '--import', './telemetry.js', `${name}.js`], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', OTEL_SERVICE_NAME: name, ...receiver.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const program = toProgram(child, folder)
  const until: Application['until'] = (condition) =>
    program.during(receiver.until(condition, { timeout: 40_000 }), 'that was recorded')
  return {
    receiver,
    until,
    async journey(steps, message) {
      await until((spans) => assertJourney(spans, steps, message === undefined ? {} : { message }))
    },
    async span(spanName) {
      return only(
        await until((spans) => {
          const found = spans.filter((span) => span.name === spanName)
          return found.length > 0 && found
        }),
      )
    },
    operation: (type, destination) => only(operations(receiver.spans, type, destination)),
    async stop() {
      const code = await program.stop()
      expect(code, `exit code; it complained: ${program.complaints()}`).toBe(0)
      expect(receiver.problems).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

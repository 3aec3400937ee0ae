import type { ProcessorLike } from '@tracebaton/bullmq'
import { isForeign, withTelemetry } from './bullmq-telemetry.ts'
import { standIn, type AnyClass } from './exports.ts'
import { packages } from './packages.ts'
import { tracingFor, wishFor } from './say.ts'

function hasSandboxes(): boolean {
  return wishFor('bullmq')?.own['sandboxes'] === true
}

/** A `Worker` that traces the attempts on its jobs, with the function it is given. */
export function tracedWorker(Worker: AnyClass): AnyClass {
  const tracing = tracingFor('bullmq')
  const { traceHandler } = packages.bullmq
  return standIn(
    Worker,
    class extends Worker {
      constructor(name: unknown, processor: unknown, options: unknown, ...rest: unknown[]) {
        const isFile = typeof processor === 'string' || processor instanceof URL
        const isTraced = typeof processor === 'function' && !isForeign(options)
        super(
          name,
          isTraced ? traceHandler(processor as ProcessorLike, { tracing }) : processor,
          withTelemetry(options, isFile && hasSandboxes()),
          ...rest,
        )
      }
    },
  )
}

interface Child {
  init(file: string): Promise<void>
  processor?: unknown
}

/** What runs in a sandbox, and has loaded the function from the processor's file. */
export function tracedChild(ChildProcessor: AnyClass): AnyClass {
  return standIn(
    ChildProcessor,
    class extends (ChildProcessor as AnyClass<Child>) {
      override async init(file: string): Promise<void> {
        await super.init(file)
        if (!hasSandboxes() || typeof this.processor !== 'function') return
        this.processor = packages.sandbox.traceHandler(this.processor as ProcessorLike, {
          tracing: tracingFor('bullmq'),
        })
      }
    },
  )
}

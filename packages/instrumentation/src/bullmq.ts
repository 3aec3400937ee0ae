import { tracedFlowProducer, tracedQueue } from './bullmq-producer.ts'
import { tracedChild, tracedWorker } from './bullmq-worker.ts'
import { classIn, withExports, type AnyClass } from './exports.ts'
import { ClientInstrumentation, type ClientParts, type TracebatonConfig } from './instrumentation.ts'
import type { ModulePatch } from './module-hook.ts'

/** The files inside, because what the package's own index exports cannot be replaced for those who load it from there. */
const patchOf = (
  file: string,
  name: string,
  trace: (Original: AnyClass) => AnyClass,
  ...methods: string[]
): ModulePatch => ({
  // Only BullMQ itself loads the file of `ChildProcessor`, in a sandbox.
  ...(name !== 'ChildProcessor' && { module: 'bullmq' }),
  file: `bullmq/dist/cjs/classes/${file}.js`,
  patch: (exports) => withExports(exports, { [name]: trace(classIn(exports, name, ...methods)) }),
})

const CLASSES: readonly ModulePatch[] = [
  patchOf('queue', 'Queue', tracedQueue, 'add', 'addBulk', 'upsertJobScheduler'),
  patchOf('flow-producer', 'FlowProducer', tracedFlowProducer, 'add', 'addBulk'),
  patchOf('worker', 'Worker', tracedWorker, 'run'),
]

export const BULLMQ: ClientParts = {
  client: 'bullmq',
  own: ['sandboxes'],
  patches: [
    ...CLASSES,
    // The same in a bundle.
    ...CLASSES.map(({ file, patch }) => ({ file: file.replace('/cjs/', '/esm/'), patch })),
    patchOf('child-processor', 'ChildProcessor', tracedChild, 'init'),
  ],
}

/** Options of {@link BullMQInstrumentation}. */
export type BullMQConfig = TracebatonConfig & {
  /**
   * Whether sandboxes have this instrumentation, too, as they do by `node --import`: processors that are given by file
   * are traced there, then, and in the worker's process no more. Say the same in both. @default false
   */
  readonly sandboxes?: boolean | undefined
}

/** Traces queues, flow producers and workers of bullmq, with the processors that they are given. */
export class BullMQInstrumentation extends ClientInstrumentation<BullMQConfig> {
  constructor(config: BullMQConfig = {}) {
    super(BULLMQ, config)
  }
}

import { context as contexts, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import type { AdapterTracing } from '@tracebaton/core/adapter'
import type { SpanLike } from '../client.ts'

export type Attributes = Readonly<Record<string, unknown>>
export type Failure = { readonly error: unknown } | undefined

/** The attributes by which BullMQ tells what an operation is about: queue and operation first, the rest later. */
const QUEUE = 'bullmq.queue.name'
const OPERATION = 'bullmq.queue.operation'
const JOB_ID = 'bullmq.job.id'
const JOB_NAME = 'bullmq.job.name'

/** More queues than this come and go; then it starts over, and those that are still worked on are soon there again. */
const MOST_QUEUES = 1_000

/** The active context. */
export function activeContext(tracing: AdapterTracing): Context {
  return tracing.guard(() => contexts.active()) ?? ROOT_CONTEXT
}

/** One operation of BullMQ's. Nothing is recorded of it here; what kinds of it do with what they are told may throw. */
export class Operation implements SpanLike {
  readonly tracing: AdapterTracing
  /** The queues that are worked on. */
  readonly #worked: Set<unknown>
  #begun = false
  #failure: Failure

  constructor(tracing: AdapterTracing, worked: Set<unknown>) {
    this.tracing = tracing
    this.#worked = worked
  }

  protected isWorkedOn(queue: unknown): boolean {
    return this.#worked.has(queue)
  }

  protected workedOn(queue: unknown): void {
    if (this.#worked.size >= MOST_QUEUES && !this.#worked.has(queue)) this.#worked.clear()
    this.#worked.add(queue)
  }

  /** BullMQ tells what it does, and where. */
  protected begin(_operation: unknown, _queue: unknown): void {}
  /** BullMQ tells more: which job it is about, if it is about one. */
  protected told(_id: unknown, _name: unknown, _attributes: Attributes): void {}
  protected finish(_failure: Failure): void {}

  /** What BullMQ does it in. */
  setSpanOnContext(around: Context): Context {
    return around
  }

  setAttribute(key: string, value: unknown): void {
    this.setAttributes({ [key]: value })
  }

  setAttributes(attributes: Attributes): void {
    this.tracing.guard(() => {
      if (this.#begun) return this.told(attributes[JOB_ID], attributes[JOB_NAME], attributes)
      this.#begun = true
      this.begin(attributes[OPERATION], attributes[QUEUE])
    })
  }

  addEvent(_name: string, _attributes?: Attributes): void {}

  recordException(error: unknown): void {
    this.#failure = { error }
  }

  end(): void {
    this.tracing.guard(() => this.finish(this.#failure))
  }
}

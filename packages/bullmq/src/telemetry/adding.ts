import { context as contexts, createContextKey, type Context } from '@opentelemetry/api'
import { withValue, type OpenSend } from '@tracebaton/core/adapter'
import { toOutgoing, toPublication } from '../describe.ts'
import { writeMetadata } from '../headers.ts'
import { isOwnCall } from '../own-call.ts'
import { activeContext, Operation, type Attributes, type Failure } from './operation.ts'

/** The calls that add jobs, and whether they add several, or may. */
const ADDING: ReadonlyMap<unknown, boolean> = new Map([
  ['add', false],
  ['addBulk', true],
  ['addFlow', true],
  ['addBulkFlows', true],
])

const ADDING_CALL = createContextKey('tracebaton.bullmq.adding.1')

/** The call that is going on in a context. */
function callIn(context: Context): Adding | undefined {
  return context.getValue(ADDING_CALL) as Adding | undefined
}

/** What BullMQ writes onto the jobs of a call; empty where there is nothing to write. */
export function metadataIn(context: Context): string {
  return callIn(context)?.metadata ?? ''
}

/**
 * A call that adds jobs: the application's, one inside of it, or one that is not ours to trace. BullMQ does not tell what
 * is added, and writes one context onto all jobs of the call.
 */
export class Adding extends Operation {
  metadata = ''
  /** How many jobs there are, of a call that adds several. */
  #count: number | undefined
  #id: string | undefined
  #name: string | undefined
  #operation: unknown
  /** The call that this one is a part of. */
  #outer: Adding | undefined
  /** `undefined`: it is traced elsewhere, or not at all. */
  #send: OpenSend | undefined
  #context: Context | undefined

  protected override begin(operation: unknown, queue: unknown): void {
    const around = activeContext(this.tracing)
    this.#operation = operation
    if (operation === 'addNode') this.#outer = callIn(around)?.counted()
    const several = ADDING.get(operation)
    if (several === undefined || isOwnCall(around)) return
    if (operation === 'add' && this.isWorkedOn(queue) && isWorkersCall(this)) return
    const publication = toPublication({ name: String(queue) }, [toOutgoing(undefined, undefined)], several, () =>
      several ? { count: this.#count } : { messages: [{ facts: { messageId: this.#id, jobName: this.#name } }] },
    )
    this.#send = this.tracing.openSend(publication)
    const fields = this.#send?.injections[0]?.fields
    if (fields !== undefined) this.metadata = writeMetadata(this.tracing, undefined, fields)
    this.#context = this.#send?.run(() => contexts.active())
  }

  /** Another job of the same call. */
  counted(): this {
    this.#count = (this.#count ?? 0) + 1
    return this
  }

  protected override told(id: unknown, name: unknown, { 'bullmq.job.bulk.count': count }: Attributes): void {
    if (typeof id === 'string') this.#id = id
    if (typeof name === 'string') this.#name = name
    // Of flows it tells how many there are, and not of how many jobs.
    if (this.#operation === 'addBulk' && typeof count === 'number') this.#count ??= count
  }

  override setSpanOnContext(around: Context): Context {
    const call = this.#outer ?? this
    return withValue(call.#context ?? around, ADDING_CALL, call)
  }

  protected override finish(failure: Failure): void {
    this.#send?.end(failure ?? {})
  }
}

/**
 * Whether we are called because a worker adds the next iteration of a schedule. BullMQ traces that like a call of the
 * application's, and writes the context of the iteration before instead of this one, so its span would say nothing and
 * lead nowhere. The interface tells neither who calls nor what is added; the stack does. Where the
 * stack cannot be read (minified names, stack traces turned off), that span is made.
 *
 * @param called ours, whose attributes BullMQ sets
 */
function isWorkersCall(called: Adding): boolean {
  const holder: { readonly stack?: unknown } = {}
  // Our own frames would leave too little room: stacks have ten by default.
  Error.captureStackTrace(holder, Reflect.get(called, 'setAttributes') as () => void)
  const { stack } = holder
  return typeof stack === 'string' && /\bupsertJobScheduler\b[^]*\b(?:retryIfFailed|nextJobFromJobData)\b/.test(stack)
}

import { types } from 'node:util'
import { context as contexts, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import type { AdapterTracing, Delivery, Meaning, OpenAttempt, Outcome, OutcomeOf } from '@tracebaton/core/adapter'
import { arrivals } from '../consumer.ts'
import { toBareDelivery } from '../describe.ts'
import { placeOf, WORKER_JOB, withoutContext, type WorkerJob } from '../worker.ts'
import { DerivedContext } from './derived-context.ts'
import { activeContext, Operation, type Attributes, type Failure } from './operation.ts'

/** What becomes of a job, by the name of BullMQ's own operation. */
const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map([
  ['complete', 'acked'],
  ['retry', 'requeued'],
  ['delay', 'retry_scheduled'],
  ['fail', 'dead_lettered'],
])

/** Stands for what a processor threw that BullMQ takes for no failure: the job comes again. */
const POSTPONED = Symbol('postponed')

/** Of a failure BullMQ tells its telemetry the message alone. */
const meaningOfBare = (error: unknown): Meaning =>
  error === POSTPONED
    ? { outcome: 'requeued', steered: true, unsettled: true }
    : { outcome: 'requeued', steered: false }

/** Without a context manager what becomes of a job that is not completed is not seen. */
const meaningOfUnseen = (error: unknown): Meaning => ({
  outcome: undefined,
  steered: error === POSTPONED,
  unsettled: true,
})

/** By these attributes BullMQ tells that a job is put away, and that no more is done in its context. */
const PUT_AWAY = 'bullmq.job.attempts.made'
const OVER = 'bullmq.job.attempt_finished_timestamp'

/**
 * The work on one job, from when BullMQ begins it until the job is put away. Its attempt begins when a traced processor
 * tells the job's facts; without one when the context is looked at, or at the latest when BullMQ is done. It is itself the
 * context that BullMQ does its work in, which is neither the one in which the worker was made nor that of another job.
 */
export class Processing extends Operation implements WorkerJob, Context {
  readonly #metadata: unknown
  readonly #sandboxed: boolean
  readonly #startedAt = Date.now()
  #queue = ''
  #id: string | undefined
  #name: string | undefined
  #attempt: OpenAttempt | undefined
  #context: Context = ROOT_CONTEXT
  #begun: 'with its processor' | 'without' | undefined
  /** Ends the attempt that began without its processor. */
  #handled: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined
  /** Whether BullMQ has begun to put the job away. */
  #ending = false
  /** Whether BullMQ fetches the next job, and tells its listeners of that one. */
  #fetching = false
  /** Whether a context manager is about to make this the active context. */
  #entering = false
  /** What leads here where no context does, because no context manager is registered. */
  #place: string | undefined
  /** Why BullMQ could not keep what the processor returned. */
  #refused: Failure

  /**
   * @param metadata of the job
   * @param sandboxed whether attempts are recorded in another process
   */
  constructor(tracing: AdapterTracing, worked: Set<unknown>, metadata: unknown, sandboxed: boolean) {
    super(tracing, worked)
    this.#metadata = metadata
    this.#sandboxed = sandboxed
  }

  getValue(key: symbol): unknown {
    return key === WORKER_JOB ? this : this.#active().getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new DerivedContext(this, new Map([[key, value]]))
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined)
  }

  /** The next job is nothing to this one, although BullMQ fetches it in this one's context. */
  #active(): Context {
    return this.#fetching || this.#entering ? ROOT_CONTEXT : this.#begin()
  }

  /** Does BullMQ's work on the job in this context. A context manager may look at it before, which begins nothing. */
  enter<Result>(work: () => Result): Result {
    this.#entering = true
    const entered = (): Result => {
      this.#entering = false
      return work()
    }
    return this.tracing.runIn(this, entered)
  }

  waitsFor(jobId: string | undefined): boolean {
    return jobId === this.#id && this.#begun !== 'with its processor'
  }

  hasBegun(): boolean {
    return this.#begun !== undefined
  }

  run<Result>(tracing: AdapterTracing, delivery: Delivery, processor: () => Result, outcomeOf?: OutcomeOf): Result {
    this.#begun = 'with its processor'
    if (this.#place !== undefined) return tracing.process(delivery, processor, outcomeOf)
    this.#attempt = tracing.open(delivery)
    return this.#attempt.run(() => {
      this.#context = contexts.active()
      const result = processor()
      tracing.guard(() => this.#watch(result, delivery))
      return result
    }, outcomeOf)
  }

  /** After an error by which the processor only told it what to do, BullMQ fetches the next job without a word. */
  #watch(result: unknown, { meaning }: Delivery): void {
    if (!types.isPromise(result)) return
    result.catch((error: unknown) => {
      this.#fetching = this.tracing.guard(() => meaning?.(error).steered) === true
    })
  }

  protected override begin(_operation: unknown, queue: unknown): void {
    if (typeof queue === 'string') this.#queue = queue
    this.workedOn(queue)
  }

  protected override told(id: unknown, name: unknown, attributes: Attributes): void {
    if (typeof name === 'string') this.#name = name
    if (typeof id === 'string') this.#identify(id)
    if (PUT_AWAY in attributes || OVER in attributes) this.#fetching = PUT_AWAY in attributes
  }

  #identify(id: string): void {
    this.#id = id
    const active = activeContext(this.tracing)
    if (this.#sandboxed || active === this || active.getValue(WORKER_JOB) === this) return
    this.#place = placeOf(this.#queue, id)
    withoutContext.set(this.#place, this)
  }

  override setSpanOnContext(): Context {
    return this
  }

  /**
   * BullMQ begins an operation. If that puts this job away, the processor is done.
   *
   * @param jobId early versions of BullMQ 5 do not tell it of an operation that is about the job whose context it is in
   */
  ending(operation: unknown, queue: unknown, jobId: unknown = this.#id): boolean {
    if (!OUTCOMES.has(operation) || queue !== this.#queue || jobId !== this.#id) return false
    this.#beginAtLast()
    this.#ending = true
    if (operation === 'complete') this.#handled?.resolve()
    return true
  }

  /** BullMQ has put the job away, or could not. */
  ended(operation: unknown, failure: Failure): void {
    const outcome = OUTCOMES.get(operation)
    if (failure !== undefined || outcome === undefined) {
      this.#refused = failure
      return
    }
    // The processor was fine, but BullMQ could not keep what it returned, and failed the job for that.
    if (this.#refused !== undefined && operation !== 'complete') this.#attempt?.fail(this.#refused.error)
    this.#attempt?.settle(outcome)
  }

  override addEvent(name: string, attributes: Attributes = {}): void {
    this.tracing.guard(() => {
      this.#beginAtLast()
      if (name === 'job failed') this.#handled?.reject(jobError(attributes['bullmq.job.failed.reason']))
      if (name !== 'job completed') return
      this.#handled?.resolve()
      this.#attempt?.settle('acked')
    })
  }

  protected override finish(): void {
    this.#beginAtLast()
    this.#fetching = false
    if (this.#place !== undefined && withoutContext.get(this.#place) === this) withoutContext.delete(this.#place)
    if (!this.#ending) this.#handled?.reject(POSTPONED)
    this.#handled?.resolve()
    // Where BullMQ put the job nowhere, the processor has, or the job comes again when its lock has run out.
    this.#attempt?.abandon()
  }

  /** An attempt that is not recorded, and whose context was not looked at, has nothing to begin for. */
  #beginAtLast(): void {
    if (!this.tracing.isIdle()) this.#begin()
  }

  /** Begins the attempt without its processor, and gives its context. */
  #begin(): Context {
    if (this.#begun !== undefined || this.#sandboxed) return this.#context
    this.#begun = 'without'
    const { tracing } = this
    tracing.guard(() => {
      const meaning = this.#place === undefined ? meaningOfBare : meaningOfUnseen
      const delivery = toBareDelivery(this.#queue, this.#id, this.#name, this.#metadata, this.#startedAt, meaning)
      arrivals.note(delivery, { tracing, delivery })
      this.#attempt = tracing.open(delivery)
      const running = this.#attempt.run(() => {
        this.#context = contexts.active()
        return new Promise<void>((resolve, reject) => {
          this.#handled = { resolve, reject }
        })
      })
      running.catch(() => {})
    })
    return this.#context
  }
}

/** Housekeeping: nothing is recorded. Some of it tells what becomes of the job that is worked on. */
export class Housekeeping extends Operation {
  #operation: unknown
  #queue: unknown
  #processing: Processing | undefined
  #putsAway = false
  #isTold = false

  protected override begin(operation: unknown, queue: unknown): void {
    this.#operation = operation
    this.#queue = queue
    this.#processing = activeContext(this.tracing).getValue(WORKER_JOB) as Processing | undefined
  }

  protected override told(id: unknown, _name: unknown, { 'bullmq.worker.id': worker }: Attributes): void {
    if (worker !== undefined) this.workedOn(this.#queue)
    if (id === undefined) return
    this.#isTold = true
    this.#putsAway ||= this.#processing?.ending(this.#operation, this.#queue, id) === true
  }

  protected override finish(failure: Failure): void {
    // Only at its end is it known that nothing is told of the job.
    if (!this.#isTold) this.#putsAway = this.#processing?.ending(this.#operation, this.#queue, undefined) === true
    if (this.#putsAway) this.#processing?.ended(this.#operation, failure)
  }
}

/** Why a job failed, as far as BullMQ tells. The name is what the conventions call an error of an unknown type. */
function jobError(reason: unknown): Error {
  const error = new Error(typeof reason === 'string' ? reason : '')
  // Where we are is not where it happened.
  return Object.assign(error, { name: '_OTHER', stack: undefined })
}

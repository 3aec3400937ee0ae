import { context as contexts, createContextKey, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import type { Delivery, OpenAttempt, Outcome, AdapterTracing } from '@tracebaton/core/adapter'
import { deferred, disregard } from './deferred.ts'
import { POSTPONED, toBareDelivery } from './describe.ts'
import { lazyContext } from './lazy-context.ts'

/** What becomes of a job, by the name of BullMQ's own operation. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  complete: 'acked',
  retry: 'requeued',
  delay: 'retry_scheduled',
  fail: 'dead_lettered',
}

/**
 * The work on one job, from when BullMQ begins it until the job is put away. Its attempt begins when a traced processor
 * tells the job's facts; without one when somebody looks at the context, or at the latest when BullMQ is done.
 */
export interface Processing {
  readonly tracing: AdapterTracing
  /** What BullMQ does its work in: neither the context in which the worker was made nor one of another job. */
  readonly context: Context
  /** `waits`: for the processor of this job; `begun`: without one; `other`: the job is another, or had a processor. */
  readonly stateFor: (jobId: string | undefined) => 'waits' | 'begun' | 'other'
  /** Says that the attempt will begin with its processor, which first has something to find out. */
  readonly claim: () => void
  /**
   * Begins the attempt and runs the processor in it.
   *
   * @param using how the processor is traced, where that is not how its worker is
   */
  readonly run: <Result>(delivery: Delivery, processor: () => Result, using?: AdapterTracing) => Result
  /** Notes what BullMQ tells: the queue first, then the job. */
  readonly note: (facts: { readonly queue?: unknown; readonly id?: unknown; readonly name?: unknown }) => void
  /** Whether an operation of BullMQ's puts this job away. */
  readonly isEnd: (operation: unknown, queue: unknown, jobId: unknown) => boolean
  /** BullMQ begins to put the job away: the processor is done. */
  readonly ending: (operation: string) => void
  /** BullMQ has put the job away, or could not. */
  readonly ended: (operation: string, failure: { readonly error: unknown } | undefined) => void
  /** BullMQ says why the job failed. */
  readonly failed: (reason: unknown) => void
  /** The context of the attempt, if it began with its processor. */
  readonly attempt: () => Context | undefined
  /** BullMQ is done with the job. */
  readonly end: () => void
}

const PROCESSING = createContextKey('tracebaton.bullmq.processing.1')

/** The work on a job that a context belongs to. */
export function getProcessing(context: Context): Processing | undefined {
  return context.getValue(PROCESSING) as Processing | undefined
}

/**
 * @param metadata of the job
 * @param elsewhere whether attempts are recorded in another process
 */
export function createProcessing(
  tracing: AdapterTracing,
  metadata: string | undefined,
  elsewhere: boolean,
): Processing {
  const startedAt = Date.now()
  const handled = deferred()
  let queue = ''
  let id: string | undefined
  let name: string | undefined
  let attempt: OpenAttempt | undefined
  let context: Context | undefined
  let begun: 'with its processor' | 'without' | undefined
  /** How far BullMQ has come with putting the job away. */
  let away: 'not yet' | 'begun' | 'lost' | 'done' = 'not yet'
  /** Why BullMQ could not put the job away. */
  let refused: { readonly error: unknown } | undefined
  /** What becomes of the job because of what its processor threw, without BullMQ saying so. */
  let meant: Outcome | undefined

  const begin = (): Context => {
    if (begun === undefined && !elsewhere) {
      begun = 'without'
      tracing.guard(() => {
        attempt = tracing.open(toBareDelivery(tracing, queue, id, name, metadata, startedAt), { longHandler: true })
        const running = attempt.run(() => {
          context = contexts.active().setValue(PROCESSING, processing)
          return handled.promise
        })
        disregard(running)
      })
    }
    return context ?? ROOT_CONTEXT
  }

  const processing: Processing = {
    tracing,
    context: lazyContext(PROCESSING, () => processing, begin),
    stateFor(jobId) {
      if (jobId !== id || begun === 'with its processor') return 'other'
      return begun === undefined ? 'waits' : 'begun'
    },
    claim() {
      begun = 'with its processor'
    },
    run(delivery, processor, using = tracing) {
      begun = 'with its processor'
      attempt = using.open(delivery, { longHandler: true })
      const running = attempt
      return watched(
        () =>
          running.run(() => {
            context = contexts.active()
            return processor()
          }),
        (error) => {
          const means = tracing.guard(() => delivery.meaning?.(error))
          if (means?.steered === true || error === null || error === undefined) meant = means?.outcome
        },
      )
    },
    note(facts) {
      if (typeof facts.queue === 'string') queue = facts.queue
      if (typeof facts.id === 'string') id = facts.id
      if (typeof facts.name === 'string') name = facts.name
    },
    isEnd: (operation, ofQueue, jobId) =>
      typeof operation === 'string' && Object.hasOwn(OUTCOMES, operation) && ofQueue === queue && jobId === id,
    ending(operation) {
      begin()
      if (away === 'not yet') away = 'begun'
      if (operation === 'complete') handled.resolve()
    },
    ended(operation, failure) {
      const outcome = OUTCOMES[operation]
      away = failure !== undefined || outcome === undefined ? 'lost' : 'done'
      if (outcome === undefined || away === 'lost') {
        refused = failure
        return
      }
      // The processor was fine, but BullMQ could not keep what it returned, and failed the job for that.
      if (refused !== undefined && operation !== 'complete') tellFailure(attempt, refused.error)
      attempt?.settle(outcome)
    },
    failed(reason) {
      handled.reject(new JobError(reason))
    },
    attempt: () => (begun === 'with its processor' ? context : undefined),
    end() {
      begin()
      if (away === 'not yet' && begun === 'without') {
        handled.reject(POSTPONED)
        meant = 'requeued'
      }
      handled.resolve()
      if (away === 'done') return
      // BullMQ put the job nowhere: the processor has, or nobody; then the job comes again when its lock has run out.
      if (away === 'not yet' && meant !== undefined) attempt?.settle(meant)
      else attempt?.abandon()
    },
  }
  return processing
}

/** Gives an attempt a failure that its processor knew nothing of: of several parts the last one counts. */
function tellFailure(attempt: OpenAttempt | undefined, error: unknown): void {
  try {
    attempt?.run(() => {
      throw error
    })
  } catch {
    // It has been told.
  }
}

/** Calls, and tells what the call throws, or its promise rejects with; both are thrown on. */
function watched<Result>(call: () => Result, failed: (error: unknown) => void): Result {
  const fail = (error: unknown): never => {
    failed(error)
    throw error
  }
  try {
    const result = call()
    return result instanceof Promise ? (result.then((value: unknown) => value, fail) as Result) : result
  } catch (error) {
    return fail(error)
  }
}

/** Why a job failed, as far as BullMQ tells. */
class JobError extends Error {
  /** What the conventions call an error of an unknown type. */
  override readonly name = '_OTHER'

  constructor(reason: unknown) {
    super(typeof reason === 'string' ? reason : '')
    // Where we are is not where it happened.
    delete this.stack
  }
}

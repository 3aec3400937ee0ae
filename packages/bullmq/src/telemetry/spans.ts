import { context as contexts, createContextKey, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import type { AdapterTracing } from '@tracebaton/core/adapter'
import type { SpanLike } from './client.ts'
import { isOwnCall } from './own-call.ts'
import { getProcessing, type Processing } from './processing.ts'
import { isWorkersCall } from './scheduler.ts'
import { createSending, getSending, silentSending, type Sending } from './sending.ts'
import { writeAttempt } from './stored.ts'

type Attributes = Readonly<Record<string, unknown>>
type Called = (attributes: Attributes) => void

/** The attributes by which BullMQ tells what an operation is about: queue and operation first, the rest later. */
const QUEUE = 'bullmq.queue.name'
const OPERATION = 'bullmq.queue.operation'
const JOB_ID = 'bullmq.job.id'
const JOB_NAME = 'bullmq.job.name'
const COUNT = 'bullmq.job.bulk.count'
const REASON = 'bullmq.job.failed.reason'
const WORKER = 'bullmq.worker.id'

/** The calls that add jobs: several, or one. */
const ADDING: Readonly<Record<string, 'several' | 'one'>> = {
  add: 'one',
  addBulk: 'several',
  addFlow: 'several',
  addBulkFlows: 'several',
}

/** The operations after which a job may have another attempt. */
const FAILING: ReadonlySet<unknown> = new Set(['retry', 'delay', 'fail'])

/** What is to be kept beside a job that failed. */
const ATTEMPT = createContextKey('tracebaton.bullmq.attempt.1')

/** The active context. */
export function activeContext(tracing: AdapterTracing): Context {
  return tracing.guard(() => contexts.active()) ?? ROOT_CONTEXT
}

/** What BullMQ writes onto the jobs of a call, or keeps beside a job that failed. */
export function metadataIn(context: Context): string {
  return (context.getValue(ATTEMPT) as string | undefined) ?? getSending(context)?.metadata ?? ''
}

/** More queues than this come and go; then it starts over, and those that are still worked on are soon there again. */
const MOST_QUEUES = 1_000

function rememberQueue(worked: Set<unknown>, queue: unknown): void {
  if (worked.size >= MOST_QUEUES && !worked.has(queue)) worked.clear()
  worked.add(queue)
}

/**
 * The work on a job.
 *
 * @param worked the queues that are worked on, for {@link addingSpan}
 */
export function processingSpan(processing: Processing, worked: Set<unknown>): SpanLike {
  return span(processing.tracing, {
    begun({ [QUEUE]: queue }) {
      rememberQueue(worked, queue)
      processing.note({ queue })
    },
    told: ({ [JOB_ID]: id, [JOB_NAME]: name }) => processing.note({ id, name }),
    context: () => processing.context,
    event(name, { [REASON]: reason }) {
      if (name === 'job failed') processing.failed(reason)
    },
    ended: () => processing.end(),
  })
}

/** A call that adds jobs: the application's, one inside of it, or one that is not ours to trace. */
export function addingSpan(tracing: AdapterTracing, worked: ReadonlySet<unknown>): SpanLike {
  let sending: Sending = silentSending()
  /** Whether the call is a part of another one, which ends it. */
  let inner = false
  let named = ''
  return span(tracing, {
    begun({ [OPERATION]: operation, [QUEUE]: queue }, called) {
      const around = activeContext(tracing)
      named = String(operation)
      if (named === 'addNode') {
        const outer = getSending(around)
        inner = true
        outer?.counted()
        sending = outer ?? sending
        return
      }
      const many = Object.hasOwn(ADDING, named) ? ADDING[named] : undefined
      if (many === undefined || isOwnCall(around) || (named === 'add' && worked.has(queue) && isWorkersCall(called)))
        return
      sending = createSending(tracing, String(queue), many === 'several')
    },
    told({ [JOB_ID]: id, [JOB_NAME]: name, [COUNT]: count }) {
      // Of flows it tells how many there are, and not of how many jobs.
      if (!inner) sending.note({ id, name, count: named === 'addBulk' ? count : undefined })
    },
    context: (around) => sending.context(around),
    ended(failure) {
      if (!inner) sending.end(failure)
    },
  })
}

/**
 * Housekeeping: nothing is recorded. Some of it tells what becomes of the job that is worked on.
 *
 * @param worked see {@link processingSpan}
 */
export function housekeepingSpan(tracing: AdapterTracing, worked: Set<unknown>): SpanLike {
  let about: Attributes = {}
  let processing: Processing | undefined
  let concerned = false
  return span(tracing, {
    begun(attributes) {
      about = attributes
      processing = getProcessing(activeContext(tracing))
    },
    told({ [JOB_ID]: id, [WORKER]: worker }) {
      if (worker !== undefined) rememberQueue(worked, about[QUEUE])
      if (concerned || processing?.isEnd(about[OPERATION], about[QUEUE], id) !== true) return
      concerned = true
      processing.ending(String(about[OPERATION]))
    },
    context(around) {
      if (processing === undefined || !FAILING.has(about[OPERATION])) return around
      const attempt = processing.attempt()
      const kept = attempt === undefined ? '' : writeAttempt(tracing, attempt)
      return kept === '' ? around : around.setValue(ATTEMPT, kept)
    },
    ended(failure) {
      if (concerned) processing?.ended(String(about[OPERATION]), failure)
    },
  })
}

/** What an operation does with what BullMQ tells. Each may throw. */
interface Listener {
  /** @param called the function that BullMQ has called */
  readonly begun: (attributes: Attributes, called: Called) => void
  readonly told: (attributes: Attributes) => void
  readonly context: (around: Context) => Context
  readonly event?: (name: string, attributes: Attributes) => void
  readonly ended: (failure: { readonly error: unknown } | undefined) => void
}

function span({ guard }: AdapterTracing, listener: Listener): SpanLike {
  let begun = false
  let failure: { readonly error: unknown } | undefined
  const tell = (attributes: Attributes): void => {
    guard(() => {
      if (begun) return listener.told(attributes)
      begun = true
      listener.begun(attributes, tell)
    })
  }
  return {
    setSpanOnContext: (around: Context) => guard(() => listener.context(around)) ?? around,
    setAttribute: (key, value) => tell({ [key]: value }),
    setAttributes: tell,
    addEvent: (name, attributes = {}) => guard(() => listener.event?.(name, attributes)),
    recordException(error) {
      failure = { error }
    },
    end: () => guard(() => listener.ended(failure)),
  }
}

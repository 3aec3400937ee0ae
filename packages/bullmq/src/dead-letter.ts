import {
  codedError,
  hasMethods,
  isObject,
  moveMessage,
  originalOf,
  refusalOf,
  retryResult,
  tracingFor,
  writableOnly,
  type AdapterTracing,
  type DeadLetterOptions,
  type Move,
  type RedriveOptions,
  type RetryOptions,
  type RetryResult,
} from '@tracebaton/core/adapter'
import { telemetryOptions, type FlowProducerLike, type JobLike, type JobOptionsLike, type QueueLike } from './client.ts'
import { arrivalOf } from './consumer.ts'
import { toDelivery, toOutgoing, toPublication } from './describe.ts'
import { callAlone } from './own-call.ts'
import { withContext } from './producer.ts'
import { SCOPE } from './scope.ts'

/** What adds jobs: a queue, which takes them itself, or a producer of flows, which adds to any queue. */
export type Publisher = QueueLike | FlowProducerLike

/** What adding gives. */
export type Added<By extends Publisher> = ReturnType<By['add']>

/** A job to move, with its data. */
export type MovedJob = JobLike & { readonly data: unknown }

/**
 * Adds a job once more, for its next attempt: same name, data and options, same trace context, with its history and the
 * facts of the failure. Only where BullMQ's own `attempts` and `backoff` do not serve, and for another queue. The copy is
 * a job of its own: it has another id, no parent, no schedule and no deduplication.
 *
 * May be called inside the processor or later, with a queue or a producer of flows that is traced or not. The job at hand
 * is not ended: return from the processor once this has resolved. Resolves, and rejects, as `add` does; and rejects with
 * the code `ERR_TRACEBATON_QUEUE` where the publisher is another queue than the one that is meant, and with
 * `ERR_TRACEBATON_DESTINATION` where it is unknown which queue is meant.
 *
 * @param options `to`: the name of a queue, default the one that the job came from
 */
export function retryLater(publisher: Publisher, job: MovedJob, options?: RetryOptions): Promise<RetryResult> {
  return retryResult(move(publisher, job, 'retry', options))
}

/** Adds a job to a queue of dead letters; otherwise as {@link retryLater}. */
export function deadLetter<By extends Publisher>(publisher: By, job: MovedJob, options: DeadLetterOptions): Added<By> {
  return move(publisher, job, 'dead_letter', options)
}

/**
 * Adds a dead letter back to a queue, where its attempts count from 1 again; otherwise as {@link retryLater}.
 *
 * @param options `to`: the name of a queue, default the one where the job says it was at first
 */
export function redrive<By extends Publisher>(publisher: By, job: MovedJob, options?: RedriveOptions): Added<By> {
  return move(publisher, job, 'redrive', options)
}

/**
 * Options that belong to this very job, and would make of its copy nothing, a twin or the child of another job. At the end
 * the names that a sandbox of BullMQ 5 has for them.
 */
const OWN_OPTIONS =
  /^(?:jobId|delay|timestamp|parent|(?:fail|continue)ParentOnFailure|(?:ignore|remove)DependencyOnFailure|repeat|repeatJobKey|prevMillis|deduplication|debounce|tm|omc|de|[fc]pof|[ir]dof)$/

function move<By extends Publisher>(
  publisher: By,
  job: MovedJob,
  kind: Move['kind'],
  asked: RetryOptions | undefined,
): Added<By> {
  const refusal = refusalOf(
    kind,
    [publisher, hasMethods('add')(publisher), 'a Queue or a FlowProducer first'],
    [job, isObject(job?.opts), 'a job second'],
  )
  if (refusal !== undefined) return refusal as unknown as Added<By>
  const { to, error, delay, maxAttempts } = asked ?? {}
  const { name, data, queueName } = job
  const arrival = arrivalOf(job)
  const tracing = tracingFor(publisher, arrival, SCOPE)
  const delivery = arrival?.delivery ?? tracing.guard(() => toDelivery(job))
  const from = kind === 'retry' ? queueName : delivery && tracing.moveFacts(delivery)?.originalDestination
  // A producer of flows has no name.
  const own = 'name' in publisher ? publisher.name : undefined
  const meant = to ?? (kind === 'dead_letter' ? undefined : from)
  if (own !== undefined && meant !== undefined && meant !== '' && own !== meant) {
    const message = `The queue ${own} does not add to ${meant}: publish with that queue, or with a FlowProducer`
    return Promise.reject(codedError('ERR_TRACEBATON_QUEUE', message)) as unknown as Added<By>
  }
  const original = originalOf<object>(publisher) as { add(...args: readonly unknown[]): Promise<unknown> }
  const options = optionsOf(tracing, job, delay)
  return moveMessage(
    { kind, tracing, delivery, to, from, error, delay, maxAttempts },
    (queue) => toPublication({ name: queue }, [toOutgoing(name, options)], false),
    (queue, injection) => {
      const opts = withContext(tracing, options, injection)
      return callAlone(tracing, original, () =>
        own === undefined ? original.add({ name, data, opts, queueName: queue }) : original.add(name, data, opts),
      )
    },
  ) as Added<By>
}

function optionsOf(tracing: AdapterTracing, { opts, data }: MovedJob, delay: number | undefined): JobOptionsLike {
  const all = { ...opts, telemetry: telemetryOptions(opts) }
  const kept = Object.entries(all).filter(([key, value]) => value !== undefined && !OWN_OPTIONS.test(key))
  const writable = writableOnly(tracing, kept, (key, value) => isWritable(key, value, data))
  return { ...(writable as JobOptionsLike), ...(delay !== undefined && { delay }) }
}

/** Beyond it, BullMQ adds no job. */
const LOWEST_PRIORITY = 2 ** 21 - 1

/**
 * Whether BullMQ adds a job with this option: it checks them there, and does not check those of a job that is in a queue
 * already, as another version or another language may have written it.
 */
function isWritable(key: string, value: unknown, data: unknown): boolean {
  if (key === 'priority') return !value || (Number.isInteger(value) && (value as number) <= LOWEST_PRIORITY)
  if (key === 'sizeLimit') return !value || !(Buffer.byteLength(JSON.stringify(data ?? {})) > Number(value))
  const { jitter } = (key === 'backoff' ? (value ?? {}) : {}) as { readonly jitter?: unknown }
  return typeof jitter !== 'number' || (jitter >= 0 && jitter <= 1)
}

import { context as contexts, createContextKey, type Context } from '@opentelemetry/api'
import type { AdapterTracing } from '@tracebaton/core/adapter'
import { deferred, disregard } from './deferred.ts'
import { toOutgoing, toPublication } from './describe.ts'
import { writeMetadata } from './headers.ts'

/** A call of BullMQ's that adds jobs, as far as its telemetry interface tells: what is added is not known. */
export interface Sending {
  /** What its callback runs in. */
  readonly context: (around: Context) => Context
  /** What BullMQ writes onto each job: one context for all; empty where there is nothing to write. */
  readonly metadata: string
  /** Another job of the same call. */
  readonly counted: () => void
  /** Notes what BullMQ tells once the jobs are added. */
  readonly note: (facts: { readonly id?: unknown; readonly name?: unknown; readonly count?: unknown }) => void
  /** Ends the call. */
  readonly end: (failure: { readonly error: unknown } | undefined) => void
}

const SENDING = createContextKey('tracebaton.bullmq.sending.1')

/** The call that is going on in a context. */
export function getSending(context: Context): Sending | undefined {
  return context.getValue(SENDING) as Sending | undefined
}

/** A call that somebody else traces: nothing is recorded here, and nothing written. */
export function silentSending(): Sending {
  const sending: Sending = {
    context: (around) => around.setValue(SENDING, sending),
    metadata: '',
    counted: nothing,
    note: nothing,
    end: nothing,
  }
  return sending
}

/** @param batch whether the call adds several jobs, or may */
export function createSending(tracing: AdapterTracing, queue: string, batch: boolean): Sending {
  const done = deferred()
  let own: Context | undefined
  let metadata = ''
  let count: number | undefined
  let jobName: string | undefined
  let messageId: string | undefined
  const publication = toPublication([queue], [toOutgoing(tracing, undefined, undefined)], batch, () =>
    batch ? { count } : { messages: [{ facts: { messageId, jobName } }] },
  )
  const running = tracing.send(publication, ([injection]) => {
    own = contexts.active()
    if (injection?.fields !== undefined) metadata = writeMetadata(tracing, undefined, injection.fields)
    return done.promise
  })
  disregard(running)
  const sending: Sending = {
    context: (around) => (own ?? around).setValue(SENDING, sending),
    metadata,
    counted() {
      count = (count ?? 0) + 1
    },
    note(facts) {
      if (typeof facts.id === 'string') messageId = facts.id
      if (typeof facts.name === 'string') jobName = facts.name
      if (typeof facts.count === 'number') count ??= facts.count
    },
    end(failure) {
      if (failure === undefined) done.resolve()
      else done.reject(failure.error)
    },
  }
  return sending
}

function nothing(): void {}

import { trace, type Context, type SpanContext } from '@opentelemetry/api'
import { processWide, type AdapterTracing } from '@tracebaton/core/adapter'
import type { JobLike } from './client.ts'
import { readMetadata } from './headers.ts'
import { CHILDREN, keyOf } from './relatives.ts'

/** The field of a job in Redis where BullMQ keeps what its telemetry says of a failed attempt, and never looks again. */
const FIELD = 'tm'

/** Which attempts of their jobs contexts belong to, counted as BullMQ counts. */
const numbers = processWide('tracebaton.bullmq.attempts.1', () => new WeakMap<Context, number>())

/** Notes which attempt a context belongs to. */
export function numberAttempt(attempt: Context, { attemptsStarted }: JobLike): void {
  numbers.set(attempt, attemptsStarted)
}

/** What is kept beside a job whose attempt failed; empty where it is not known which attempt that was. */
export function writeAttempt(tracing: AdapterTracing, context: Context): string {
  const attempt = numbers.get(context)
  const fields: Record<string, string> = {}
  if (attempt !== undefined) tracing.inject(context, fields)
  return Object.keys(fields).length === 0 ? '' : JSON.stringify({ ...fields, attempt })
}

/** What Redis is asked for before an attempt. */
export interface StoredFacts {
  /** The attempt before this one. */
  readonly previousAttempt?: SpanContext | undefined
  /** Creation contexts of children, by their keys. */
  readonly children?: ReadonlyMap<string, SpanContext> | undefined
}

/** The commands that we use. A client of another kind may not have the second. */
interface Redis {
  hget(key: string, field: string): Promise<string | null>
  hkeys?(key: string): Promise<string[]>
}

/** The parts of a job of a worker's that lead to its Redis. Jobs in a sandbox, or on Postgres, have none. */
interface StoredJob extends JobLike {
  readonly queue?: { getBackend?(): { readonly client?: Promise<Redis> } }
}

/** Reads what was asked for. May reject. */
export async function readStored(
  tracing: AdapterTracing,
  job: StoredJob,
  wanted: { readonly previousAttempt: boolean; readonly children: boolean },
): Promise<StoredFacts> {
  const redis = await job.queue?.getBackend?.().client
  const key = keyOf(job)
  if (redis === undefined || key === undefined) return {}
  const [previousAttempt, children] = await Promise.all([
    wanted.previousAttempt ? readAttempt(tracing, redis, key, job) : undefined,
    wanted.children ? readChildren(tracing, redis, key) : undefined,
  ])
  return { previousAttempt, children }
}

/** One round trip, on attempts after the first. Nobody kept an attempt whose worker was killed. */
async function readAttempt(
  tracing: AdapterTracing,
  redis: Redis,
  key: string,
  { attemptsStarted }: JobLike,
): Promise<SpanContext | undefined> {
  if (attemptsStarted < 2) return undefined
  const kept: unknown = JSON.parse((await redis.hget(key, FIELD)) ?? 'null')
  if (typeof kept !== 'object' || kept === null) return undefined
  // Of an attempt that was not the last nobody wants to hear.
  if ((kept as { readonly attempt?: unknown }).attempt !== attemptsStarted - 1) return undefined
  return contextIn(tracing, kept)
}

/** One round trip, and one more for a job with children: BullMQ tells a parent their keys and results only. */
async function readChildren(
  tracing: AdapterTracing,
  redis: Redis,
  key: string,
): Promise<ReadonlyMap<string, SpanContext>> {
  const keys = (await redis.hkeys?.(`${key}:processed`)) ?? []
  const found = await Promise.all(
    keys.slice(0, CHILDREN).map(async (child) => {
      const options = JSON.parse((await redis.hget(child, 'opts')) ?? '{}') as { readonly tm?: unknown }
      return [child, contextIn(tracing, readMetadata(tracing, options.tm))] as const
    }),
  )
  return new Map(found.flatMap(([child, context]) => (context === undefined ? [] : [[child, context]])))
}

function contextIn(tracing: AdapterTracing, fields: object): SpanContext | undefined {
  return trace.getSpanContext(tracing.extract(fields).context)
}

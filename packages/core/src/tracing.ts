import { context as contexts, type Context } from '@opentelemetry/api'
import { processBatch } from './operations/batch.ts'
import { runIn } from './base/call.ts'
import {
  recordGetter,
  recordSetter,
  removeFields,
  type Fields,
  type HeaderGetter,
  type HeaderSetter,
} from './wire/carrier.ts'
import type { Delivery, Publication } from './verdict/delivery.ts'
import type { Lineage } from './wire/lineage.ts'
import { openAttempt, type OpenAttempt, type OpenOptions } from './operations/open.ts'
import { createRuntime, type TracingOptions } from './options.ts'
import type { ContextStatus } from './base/policy.ts'
import { processDelivery } from './operations/process.ts'
import { recordReception, type Reception } from './operations/receive.ts'
import type { Injection } from './operations/injection.ts'
import { sendPublication } from './operations/send.ts'
import { settleDeliveries, type Settlement } from './operations/settle.ts'

/** What adapter functions take: options of their own, or an instance that several of them share. */
export type TracingInput = TracingOptions & {
  /** Where it is given, the other options are not looked at. @default an instance of one's own */
  readonly tracing?: Tracing | undefined
}

/** A context as plain text, safe in JSON: for an outbox table, or any place without headers. */
export type CapturedContext = Fields

/** Tracing for one set of options. Nothing here throws on its own account; see each member for what passes through. */
export interface Tracing {
  /** Reads the headers of a message. The context is never the active one: without a usable header it is empty. */
  readonly extract: <Carrier>(
    carrier: Carrier,
    getter?: HeaderGetter<Carrier>,
  ) => { readonly context: Context; readonly status: ContextStatus; readonly lineage: Lineage | undefined }
  /** Writes the context into headers. Replaces earlier fields on a plain object, whatever their letter case. */
  readonly inject: <Carrier>(context: Context, carrier: Carrier, setter?: HeaderSetter<Carrier>) => void
  /** Runs a call that publishes messages; see {@link sendPublication}. */
  readonly send: <Result>(
    publication: Publication,
    publish: (injections: readonly (Injection | undefined)[]) => Result,
  ) => Result
  /** Records a call that received messages, after the fact. */
  readonly receive: (reception: Reception, deliveries: readonly Delivery[]) => void
  /** Runs the handler of one message; see {@link processDelivery}. */
  readonly process: <Result>(delivery: Delivery, handler: () => Result) => Result
  /** Begins the attempt of a message that is settled by another call than its handler's end; see {@link openAttempt}. */
  readonly open: (delivery: Delivery, options?: OpenOptions) => OpenAttempt
  /** Runs the handler of a batch as a whole. */
  readonly processBatch: <Result>(deliveries: readonly Delivery[], handler: () => Result) => Result
  /** Runs a call that settles deliveries. */
  readonly settle: <Result>(settlement: Settlement, call: () => Result) => Result
  /** The active context as a small record. Empty where there is none. */
  readonly capture: () => CapturedContext
  /** The context of a captured record: `context.with(tracing.from(record), () => producer.send(…))`. */
  readonly from: (record: CapturedContext) => Context
  /** What spans may say of the content of messages. */
  readonly captures: { readonly messageKey: boolean; readonly bodySize: boolean }
  /** The names of all headers that the propagator and we may write: what a client has to ask its broker for. */
  readonly fieldNames: () => readonly string[]
  /** Whether a header name belongs to the propagator or to us, in any letter case. */
  readonly isField: (name: string) => boolean
  /** Calls `work` exactly once, in a context, even where the context manager fails. Gives and throws what it does. */
  readonly runIn: <Result>(context: Context, work: () => Result) => Result
  /** Runs work of an adapter; what it throws is reported, and `undefined` comes back. */
  readonly guard: <Result>(work: () => Result) => Result | undefined
  /** Says what somebody should set up differently: to `onError`, else once in a process to the API's `diag` logger. */
  readonly warn: (message: string) => void
}

/** Makes an instance. Resolves the options once; never throws. */
export function createTracing(options: TracingOptions = {}): Tracing {
  const runtime = createRuntime(options)
  const { propagation, report } = runtime
  return {
    extract: (carrier, getter) => propagation.extract(carrier, getter ?? recordGetter),
    inject(context, carrier, setter) {
      const fields = propagation.fields(context)
      if (fields === undefined) return
      report.guard('headers', () => {
        if (setter === undefined) removeFields(carrier, propagation.isField)
        const write: HeaderSetter<unknown> = setter ?? recordSetter
        for (const [name, value] of Object.entries(fields)) write.set(carrier, name, value)
      })
    },
    send: (publication, publish) => sendPublication(runtime, publication, publish),
    receive: (reception, deliveries) => recordReception(runtime, reception, deliveries),
    process: (delivery, handler) => processDelivery(runtime, delivery, handler),
    open: (delivery, lifetime) => openAttempt(runtime, delivery, lifetime),
    processBatch: (deliveries, handler) => processBatch(runtime, deliveries, handler),
    settle: (settlement, call) => settleDeliveries(runtime, settlement, call),
    capture: () => report.guard('propagator', () => propagation.fields(contexts.active())) ?? {},
    from: (record) => propagation.extract(record, recordGetter).context,
    captures: { messageKey: options.capture?.messageKey === 'on', bodySize: options.capture?.bodySize === true },
    fieldNames: () => propagation.names(),
    isField: propagation.isField,
    runIn: (context, work) => runIn(context, work, report),
    warn: (message) => report.misused(message),
    guard: (work) => report.guard('describe', work),
  }
}

let shared: Tracing | undefined
const byOptions = new WeakMap<TracingOptions, Tracing>()

/** The instance that an adapter function's argument asks for; one for the defaults, one for each options object. */
export function resolveTracing(input: TracingInput | undefined): Tracing {
  if (input === undefined) return (shared ??= createTracing())
  if (input.tracing !== undefined) return input.tracing
  let tracing = byOptions.get(input)
  if (tracing === undefined) byOptions.set(input, (tracing = createTracing(input)))
  return tracing
}

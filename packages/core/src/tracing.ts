import { context as contexts, type Context } from '@opentelemetry/api'
import type { Lineage, MoveFacts } from './wire/history.ts'
import { processBatch } from './operations/batch.ts'
import { runIn } from './base/call.ts'
import {
  recordGetter,
  recordSetter,
  removeFields,
  type FieldChanges,
  type Fields,
  type HeaderGetter,
  type HeaderSetter,
} from './wire/carrier.ts'
import type { Delivery, Move, Publication } from './verdict/delivery.ts'
import { isExhausted } from './operations/exhausted.ts'
import { verdictOn, type HandledAttempt } from './verdict/verdict.ts'
import { openAttempt, type OpenAttempt, type OpenOptions } from './operations/open.ts'
import { isObject, wordFor } from './base/given.ts'
import { isSuppressed } from './wire/format.ts'
import { createRuntime, type TracingOptions } from './options.ts'
import { readOptions, type Reading } from './read-options.ts'
import type { ContextStatus, Outcome, OutcomeOf } from './base/policy.ts'
import { processDelivery } from './operations/process.ts'
import { attemptOf, extractedFrom } from './operations/read.ts'
import { CORE_SCOPE, type Scope } from './base/scope.ts'
import { recordReception, type Reception } from './operations/receive.ts'
import type { Injection } from './operations/injection.ts'
import { openSend, sendPublication, type OpenSend } from './operations/send.ts'
import { settleDeliveries, settleOpenAttempt, type Settlement } from './operations/settle.ts'

/** What adapter functions take: options of their own, or those of an instance, which several of them share. */
export type TracingInput = TracingOptions & {
  /**
   * Its options are taken, and the other options are not looked at. Each adapter works with its own core, whichever made
   * the instance. @default none: the other options
   */
  readonly tracing?: Pick<Tracing, 'options'> | undefined
}

/** A context as plain text, safe in JSON: for an outbox table, or any place without headers. */
export type CapturedContext = Fields

/** Tracing for one set of options, for code of your own beside the adapters. Nothing here throws. */
export interface Tracing {
  /** What it was made with, as it was then: adapters that are given `{ tracing }` work with the same. */
  readonly options: TracingOptions
  /** Reads the headers of a message. The context is never the active one: without a usable header it is empty. */
  readonly extract: <Carrier>(
    carrier: Carrier,
    getter?: HeaderGetter<Carrier>,
  ) => { readonly context: Context; readonly status: ContextStatus; readonly lineage: Lineage | undefined }
  /** Writes the context into headers. Replaces earlier fields on a plain object, whatever their letter case. */
  readonly inject: <Carrier>(context: Context, carrier: Carrier, setter?: HeaderSetter<Carrier>) => void
  /** The active context as a small record. Empty where there is none. */
  readonly capture: () => CapturedContext
  /** The context of a captured record: `context.with(tracing.from(record), () => producer.send(…))`. */
  readonly from: (record: CapturedContext) => Context
}

/** Tracing as adapters use it. Nothing here throws on its own account; see each member for what passes through. */
export interface AdapterTracing extends Tracing {
  /** Runs a call that publishes messages; see {@link sendPublication}. */
  readonly send: <Result>(
    publication: Publication,
    publish: (injections: readonly (Injection | undefined)[]) => Result,
  ) => Result
  /** Begins a call that publishes messages and is answered by a callback; see {@link openSend}. */
  readonly openSend: (publication: Publication) => OpenSend | undefined
  /** Records a call that received messages, after the fact. */
  readonly receive: (reception: Reception, deliveries: readonly Delivery[]) => void
  /** Runs the handler of one message; see {@link processDelivery}. */
  readonly process: <Result>(delivery: Delivery, handler: () => Result, outcomeOf?: OutcomeOf) => Result
  /** Begins the attempt of a message that is settled by another call than its handler's end; see {@link openAttempt}. */
  readonly open: (delivery: Delivery, options?: OpenOptions) => OpenAttempt
  /** Runs the handler of a batch as a whole. */
  readonly processBatch: <Result>(deliveries: readonly Delivery[], handler: () => Result) => Result
  /** Runs a call that settles deliveries. */
  readonly settle: <Result>(settlement: Settlement, call: () => Result) => Result
  /** Runs a call that settles one open attempt and answers at once; see {@link settleOpenAttempt}. */
  readonly settleOne: <Result>(
    attempt: Pick<OpenAttempt, 'settle'> | undefined,
    outcome: Outcome,
    describe: () => Settlement,
    call: () => Result,
  ) => Result
  /** What a handler may want to know of the attempt on a delivery; `undefined`: it is not being handled. */
  readonly attemptOf: (delivery: Delivery) => HandledAttempt | undefined
  /** Whether a message that is to be retried has had so many attempts, or its copy has no room to count them. */
  readonly isExhausted: (move: Move, maxAttempts: number, publication?: Publication) => boolean
  /** What a message that was moved says of its moves, if its producer is trusted; `undefined`: it was never moved. */
  readonly moveFacts: (delivery: Delivery) => MoveFacts | undefined
  /** Neither tracing nor metrics are set up: nothing is recorded, and contexts are passed on as they are. */
  readonly isIdle: () => boolean
  /** Bytes that messages may have by the option of that name; `undefined`: as many as the adapter knows. */
  readonly maxMessageBytes: number | undefined
  /** What spans may say of the content of messages. */
  readonly captures: { readonly messageKey: boolean; readonly bodySize: boolean }
  /** The names of all headers that the propagator and we may write: what a client has to ask its broker for. */
  readonly fieldNames: () => readonly string[]
  /**
   * Whether a header belongs to the propagator or to us, in any letter case.
   *
   * @param fields what is written: then, whether the header is replaced by it or taken off. The caller's own `baggage`
   * header stays where none is among the fields, and that of a context where no context is
   */
  readonly isField: (name: string, fields?: FieldChanges) => boolean
  /** Calls `work` exactly once, in a context, even where the context manager fails. Gives and throws what it does. */
  readonly runIn: <Result>(context: Context, work: () => Result) => Result
  /** Runs work of an adapter; what it throws is reported, and `undefined` comes back. */
  readonly guard: <Result>(work: () => Result) => Result | undefined
  /** Says what somebody should set up differently: to `onError`, else once in a process to the API's `diag` logger. */
  readonly warn: (message: string) => void
}

/** The options of those who give none: one object, so that there is one instance of them. */
export const DEFAULTS: TracingOptions = readOptions({}).options

/** Makes an instance. Reads the options once; never throws. */
export function createTracing(options: TracingOptions = DEFAULTS): Tracing {
  return createAdapterTracing(options, CORE_SCOPE)
}

/** Makes an instance for one adapter. Reads the options once; never throws. */
export function createAdapterTracing(options: TracingOptions = DEFAULTS, scope: Scope = CORE_SCOPE): AdapterTracing {
  const tracing = createInstance(readOptions(isObject(options) ? options : DEFAULTS), scope)
  warnOfMistake(tracing, options)
  return tracing
}

/** A caller without types may give anything. */
export function warnOfMistake(tracing: AdapterTracing, options: unknown): void {
  if (options === undefined || options === null || isObject(options)) return
  tracing.warn(`Options are an object, not ${wordFor(options)}`)
}

/** Makes an instance of options that were read, and says what is wrong with them. */
export function createInstance({ options, complaints }: Reading, scope: Scope): AdapterTracing {
  const runtime = createRuntime(options, scope)
  const { propagation, report } = runtime
  for (const complaint of complaints) report.misused(complaint)
  const fieldsIn = (context: Context): Fields | undefined =>
    isSuppressed(context) ? undefined : propagation.fields(context)
  return {
    options,
    extract: (carrier, getter) => propagation.extract(carrier, getter ?? recordGetter),
    inject(context, carrier, setter) {
      const fields = report.guard('propagator', () => fieldsIn(context))
      if (fields === undefined) return
      report.guard('headers', () => {
        if (setter === undefined) removeFields(carrier, (name) => propagation.isField(name, fields))
        const write: HeaderSetter<unknown> = setter ?? recordSetter
        for (const [name, value] of Object.entries(fields)) write.set(carrier, name, value)
      })
    },
    send: (publication, publish) => sendPublication(runtime, publication, publish),
    openSend: (publication) => openSend(runtime, publication),
    receive: (reception, deliveries) => recordReception(runtime, reception, deliveries),
    process: (delivery, handler, outcomeOf) => processDelivery(runtime, delivery, handler, outcomeOf),
    open: (delivery, lifetime) => openAttempt(runtime, delivery, lifetime),
    processBatch: (deliveries, handler) => processBatch(runtime, deliveries, handler),
    settle: (settlement, call) => settleDeliveries(runtime, settlement, call),
    settleOne: (attempt, outcome, describe, call) => settleOpenAttempt(runtime, attempt, outcome, describe, call),
    capture: () => report.guard('propagator', () => fieldsIn(contexts.active())) ?? {},
    from: (record) => propagation.extract(record, recordGetter).context,
    attemptOf: (delivery) => report.guard('describe', () => attemptOf(runtime, delivery)),
    isExhausted: (move, most, publication) =>
      report.guard('describe', () => isExhausted(runtime, move, most, publication)) !== false,
    moveFacts: (delivery) => {
      // Once it waits for its settlement, its headers are gone.
      const known = verdictOn(delivery)
      if (known !== undefined) return known.moved
      return runtime.trustFor(delivery) === 'full' ? extractedFrom(runtime, delivery).moved : undefined
    },
    isIdle: runtime.isIdle,
    maxMessageBytes: options.maxMessageBytes,
    captures: { messageKey: options.capture?.messageKey === 'on', bodySize: options.capture?.bodySize === true },
    fieldNames: () => propagation.names(),
    isField: propagation.isField,
    runIn: (context, work) => runIn(context, work, report),
    warn: (message) => report.misused(message),
    guard: (work) => report.guard('describe', work),
  }
}

import {
  context as contexts,
  createContextKey,
  metrics as globalMetrics,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  trace,
  type MeterProvider,
  type TextMapPropagator,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import type { Delivery, Publication } from './verdict/delivery.ts'
import { describeFailure, type FailurePolicy } from './wire/move-facts.ts'
import { boundedName } from './base/bounds.ts'
import { createErrorCounter, createMetrics } from './otel/metrics.ts'
import { chooseConvention, createNames, type Convention, type Destination } from './base/names.ts'
import { schemaUrlOf, type SchemaScope, type Scope } from './base/scope.ts'
import { createLabels } from './otel/labels.ts'
import { createOperations } from './otel/operation.ts'
import type { OutcomeOf, Relation, Trust } from './base/policy.ts'
import type { BaggagePolicy } from './wire/format.ts'
import { LONGEST_OPEN } from './memory/register.ts'
import { createPropagation } from './wire/propagation.ts'
import { createReport, type OnError, type Report } from './base/report.ts'
import { wordFor } from './base/given.ts'
import { silentTracer } from './base/other-tracers.ts'
import { OUTCOME, RELATION, REPUBLISH, TEXT, TRUST, type Kind } from './option-kinds.ts'
import type { Hooks, Runtime } from './runtime.ts'

/** How tracing behaves. Every option has a default that fits most users. */
export interface TracingOptions {
  /**
   * How process spans hang on the creation context of their message. A producer that is not told `auto` writes it onto
   * its messages, as a wish to consumers that are. @default 'auto'
   */
  readonly relation?: Relation | ((delivery: Delivery) => Relation | undefined) | undefined
  /** How much of what messages say is believed. Of one that is relayed: as it would be where it goes. @default 'full' */
  readonly trust?: Trust | ((delivery: Delivery) => Trust | undefined) | undefined
  /**
   * ms. A message first sent longer ago starts a trace of its own under `auto`, linked. So does a send whose active span
   * ended longer ago, unlinked. @default 900_000, 15 minutes
   */
  readonly maxTraceAge?: number | undefined
  /**
   * `true` follows the propagator, `false` drops baggage, a list passes on the named entries only; in both directions.
   * Baggage of a producer that is not trusted in full is never taken. @default true
   */
  readonly baggage?: BaggagePolicy | undefined
  /** Whether every failed attempt is an ERROR span, or only one after which there is no other. @default 'every' */
  readonly errorStatus?: 'every' | 'terminal' | undefined
  /**
   * Of an attempt in another trace than its message's that fails for good, is dead-lettered, or whose message waited in the
   * queue longer than `maxTraceAge`: a span of no length in the trace of the send, and in that of the first send, which
   * links the attempt. A backend that keeps or drops whole traces then keeps the producer's, too. @default none
   */
  readonly followUp?: 'producer' | undefined
  /**
   * What `peer.service` says on PRODUCER and CONSUMER spans, for backends that draw services by it (Zipkin): the name of the
   * broker, or `true` for that of the messaging system. @default none
   */
  readonly peerService?: string | true | undefined
  /**
   * ms that a message may wait for its settlement before its attempt ends as `abandoned`. The time of its handler does not
   * count. @default 1_800_000, 30 minutes
   */
  readonly maxOpen?: number | undefined
  /** A bulk send of more messages makes one span for the call, whose context goes into all of them. @default 10 */
  readonly spanPerMessageUpTo?: number | undefined
  /**
   * Bytes. A message, or messages that are taken together, within this limit do not pass it for our fields: what has no room
   * is left out, counted and reported. @default what the client or the broker is known to take
   */
  readonly maxMessageBytes?: number | undefined
  /**
   * Says what it means when the message being handled is published again. @default to its own destination: a `retry`;
   * to another one: a new message (`forward`)
   */
  readonly republish?:
    | ((publication: Publication, delivery: Delivery) => 'retry' | 'dead_letter' | 'redrive' | 'forward' | undefined)
    | undefined
  /**
   * For handlers that tell by their result that they have not taken the message. A settlement overrules it, but for one
   * that only clears away what was sent to be retried, or as a dead letter. @default none: one that returns has taken it
   */
  readonly outcomeOf?: OutcomeOf | undefined
  /** What dead letters and retry copies say of the failure behind them. Its `redact` holds wherever errors are told. */
  readonly deadLetter?: FailurePolicy | undefined
  /** The names on spans and metrics. @default as `OTEL_SEMCONV_STABILITY_OPT_IN` says, else 'compatible' */
  readonly convention?: Convention | undefined
  /** Spans that most people do not want. */
  readonly spans?:
    | {
        /** One for each call that settles a message. @default false */
        readonly settle?: boolean | undefined
        /** One for each receive call that brought nothing. @default false */
        readonly emptyReceive?: boolean | undefined
      }
    | undefined
  /** What spans say of the content of messages. It may be personal or secret. */
  readonly capture?:
    | {
        /** The key of a message. @default 'off' */
        readonly messageKey?: 'on' | 'off' | undefined
        /** The size of the body, in bytes. @default false */
        readonly bodySize?: boolean | undefined
      }
    | undefined
  /** A low-cardinality name for a destination whose own name has too many values. @default none */
  readonly destinationTemplate?:
    | ((destination: Destination & { readonly system: string }) => string | undefined)
    | undefined
  /** Called with spans of ours; see {@link Hooks}. @default none */
  readonly hooks?: Hooks | undefined
  /** Told about our own contained failures. @default the API's `diag` logger, at most once a minute for each stage */
  readonly onError?: OnError | undefined
  /** Where spans are recorded. @default the global one */
  readonly tracerProvider?: TracerProvider | undefined
  /** Where metrics are recorded. @default the global one */
  readonly meterProvider?: MeterProvider | undefined
  /** What writes contexts onto messages, and reads them. @default the global one; where none is registered, W3C Trace Context without baggage */
  readonly propagator?: TextMapPropagator | undefined
}

const DEFAULTS = { maxTraceAge: 15 * 60_000, spanPerMessageUpTo: 10 } as const

/**
 * Resolves options, once. Never throws: a provider that fails is replaced by one that does nothing.
 *
 * @param options as `readOptions` gives them
 */
export function createRuntime(options: TracingOptions, { name, version }: Scope): Runtime {
  const convention = chooseConvention(options.convention, process.env['OTEL_SEMCONV_STABILITY_OPT_IN'])
  const schema = { schemaUrl: schemaUrlOf(convention) }
  const scope: SchemaScope = { name, version, ...schema }
  const meterProvider = () => options.meterProvider ?? globalMetrics.getMeterProvider()
  const report = createReport(options.onError, createErrorCounter(meterProvider, scope), options.deadLetter?.redact)
  const names = createNames(convention)
  const bound = createLabels(name, (message) => report.misused(message))
  const metrics = createMetrics(meterProvider, report, scope, bound)
  const peer = typeof options.peerService === 'string' ? boundedName(options.peerService) : undefined
  const peerFor = (system: string): string | undefined => (options.peerService === true ? system : peer || undefined)
  const { relation = 'auto', trust = 'full', destinationTemplate, republish, spans, hooks = {} } = options
  // Only once a message comes: an SDK may be registered until then.
  let saySilence: (() => void) | undefined = () => {
    saySilence = undefined
    const silent = report.guard('options', silentTracer)
    if (silent === undefined) return
    const [who, register] = silent
    report.misused(`No OpenTelemetry SDK is registered, so nothing is recorded. ${who} is one if told: ${register}`)
  }
  const ask = <Answer>(option: string, { accepts, words }: Kind, question: () => Answer): Answer | undefined => {
    const answer = report.ask(question)
    if (answer === undefined || accepts(answer)) return answer
    report.failed('options', new Error(`The option ${option} gave ${wordFor(answer)}; it has to give ${words}`))
    return undefined
  }
  const templateOf = (system: string, destination: Destination): string | undefined =>
    ask('destinationTemplate', TEXT, () => destinationTemplate?.({ ...destination, system }))
  return {
    isIdle() {
      const isIdle = metrics.isIdle() && isSdkAbsent(options.tracerProvider)
      if (isIdle) saySilence?.()
      return isIdle
    },
    names,
    report,
    lookAtContexts: createLook(report),
    hooks,
    tracer: createTracerFinder(options.tracerProvider, (provider) => provider.getTracer(name, version, schema)),
    metrics,
    operations: createOperations(names, templateOf, bound, peerFor),
    shortNameOf: (system, place) => templateOf(system, { name: place }) || place,
    propagation: createPropagation(options.propagator, options.baggage ?? true, report),
    relationFor: (delivery) =>
      (typeof relation === 'function' ? ask('relation', RELATION, () => relation(delivery)) : relation) ?? 'auto',
    // A policy that fails must not open the door it guards.
    trustFor: (delivery) =>
      typeof trust === 'function' ? (ask('trust', TRUST, () => orFull(trust(delivery))) ?? 'ignore') : trust,
    republishFor: (publication, delivery) => ask('republish', REPUBLISH, () => republish?.(publication, delivery)),
    outcomeOf: options.outcomeOf,
    toldBy: (outcomeOf, result) => ask('outcomeOf', OUTCOME, () => outcomeOf(result)),
    describeFailure: (error) =>
      report.guard('describe', () => describeFailure(error, options.deadLetter ?? {}, report)),
    wish: relation === 'child' || relation === 'link' ? relation : undefined,
    maxTraceAge: options.maxTraceAge ?? DEFAULTS.maxTraceAge,
    followUp: options.followUp === 'producer',
    peerFor,
    maxOpen: options.maxOpen ?? LONGEST_OPEN,
    spanPerMessageUpTo: options.spanPerMessageUpTo ?? DEFAULTS.spanPerMessageUpTo,
    errorStatus: options.errorStatus ?? 'every',
    settleSpans: spans?.settle === true,
    emptyReceiveSpans: spans?.emptyReceive === true,
  }
}

/** The tracer of the provider there is at the time: an SDK may be registered after us, or another one. May throw. */
function createTracerFinder(
  configured: TracerProvider | undefined,
  tracerOf: (provider: TracerProvider) => Tracer,
): () => Tracer {
  let known: TracerProvider | undefined
  let tracer: Tracer | undefined
  return () => {
    const provider = configured ?? trace.getTracerProvider()
    if (tracer === undefined || provider !== known) tracer = tracerOf(provider)
    known = provider
    return tracer
  }
}

/** Only an answer that is none leaves the default; `null` is a mistake. */
function orFull(answer: Trust | undefined): Trust {
  return answer === undefined ? 'full' : answer
}

/** Without a context manager no span is ever active, and nothing else would say so. */
function createLook(report: Report): () => void {
  let looked = false
  return () => {
    if (looked) return
    looked = true
    // A context manager may activate another context than it is given, with values of its own (Sentry's does).
    const key = createContextKey('tracebaton.probe')
    const probe = ROOT_CONTEXT.setValue(key, true)
    let isSeen = true
    report.guard('span', () => contexts.with(probe, () => (isSeen = contexts.active().getValue(key) === true)))
    if (!isSeen) report.misused(NO_CONTEXTS)
  }
}

const NO_CONTEXTS =
  'no context manager is registered: no span is active in a handler, what it sends begins another trace, and not every ' +
  'outcome is known. Register one; `provider.register()` of @opentelemetry/sdk-trace-node does'

/** What stands behind the API as long as no SDK is registered. */
const NO_PROVIDER = new ProxyTracerProvider().getDelegate()

/** SDKs hand out the API's own provider as one of theirs, also before they have registered any. */
function isSdkAbsent(given: TracerProvider | undefined): boolean {
  const provider = trace.getTracerProvider()
  if (given !== undefined && given !== provider) return false
  return provider instanceof ProxyTracerProvider && provider.getDelegate() === NO_PROVIDER
}

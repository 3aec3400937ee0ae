import {
  context as contexts,
  diag,
  ROOT_CONTEXT,
  type Context,
  type ContextManager,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { HeaderGetter, HeaderSetter } from '../src/wire/carrier.ts'
import type { TracingOptions } from '../src/options.ts'
import { createLedger, type Break, type Faults, type Ledger, type SpanMethod } from './ledger.ts'

/** Functions of adapters that core calls. */
export interface Parts {
  readonly getter?: HeaderGetter<unknown>
  readonly setter?: HeaderSetter<unknown>
  readonly fits?: () => boolean
  readonly results?: () => undefined
  readonly refused?: () => readonly number[]
}

/** One place where something that is not ours can fail, prepared so that it does. */
export interface Seam {
  readonly name: string
  readonly prepare: () => { readonly options: TracingOptions; readonly ledger: Ledger; readonly parts?: Parts }
  /** Breaks something global; gives what repairs it. */
  readonly arrange?: () => () => void
}

/** What every broken part throws. */
class SeamError extends Error {
  override readonly name = 'SeamError'
}

const fail = (): never => {
  throw new SeamError('broken on purpose')
}
const reject = (): never => Promise.reject(new SeamError('broken on purpose')) as never
const garbage = (): never => 42 as never

const always: Break = () => fail
/** Good once, broken from then on. */
const later: Break = (original) => {
  let calls = 0
  return (...args) => (calls++ === 0 ? original(...args) : fail())
}
const nothing: Break = () => () => undefined
const WAYS: Readonly<Record<string, Break>> = { always, later, 'by giving nothing': nothing }
const THROWS = { 'throws always': always, 'throws later': later }

function sdk(...processors: SpanProcessor[]): BasicTracerProvider {
  return new BasicTracerProvider({ spanProcessors: processors })
}

function withOptions(name: string, options: TracingOptions, arrange?: Seam['arrange']): Seam {
  return {
    name,
    prepare() {
      const ledger = createLedger(sdk())
      return { ledger, options: { tracerProvider: ledger.provider, onError: () => {}, ...options } }
    },
    ...(arrange !== undefined && { arrange }),
  }
}

function withFaults(name: string, faults: () => Faults): Seam {
  return {
    name,
    prepare() {
      const ledger = createLedger(sdk(), faults())
      return { ledger, options: { tracerProvider: ledger.provider, onError: () => {}, spans: { settle: true } } }
    },
  }
}

function withParts(name: string, parts: Parts): Seam {
  return {
    name,
    prepare() {
      const ledger = createLedger(sdk())
      const options = { tracerProvider: ledger.provider, onError: () => {}, spans: { settle: true } }
      return { ledger, options, parts }
    },
  }
}

const SPAN_METHODS: readonly SpanMethod[] = [
  'spanContext',
  'setAttribute',
  'setAttributes',
  'addEvent',
  'addLink',
  'addLinks',
  'setStatus',
  'updateName',
  'end',
  'isRecording',
  'recordException',
]

const spans: Seam[] = Object.entries(WAYS).flatMap(([way, fault]) =>
  [
    withFaults(`getTracer ${way}`, () => ({ getTracer: fault })),
    withFaults(`startSpan ${way}`, () => ({ startSpan: fault })),
  ].concat(SPAN_METHODS.map((method) => withFaults(`span.${method} ${way}`, () => ({ span: { [method]: fault } })))),
)

const processor = (part: Partial<SpanProcessor>): SpanProcessor => ({
  onStart: () => {},
  onEnd: () => {},
  forceFlush: async () => {},
  shutdown: async () => {},
  ...part,
})

const insideSdk: Seam[] = [
  ['sampler', () => new BasicTracerProvider({ sampler: { shouldSample: fail, toString: () => 'broken' } })] as const,
  ['processor onStart', () => sdk(processor({ onStart: fail }))] as const,
  ['processor onEnd', () => sdk(processor({ onEnd: fail }))] as const,
].map(([name, create]) => ({
  name: `SDK ${name} throws`,
  prepare() {
    const ledger = createLedger(create())
    return { ledger, options: { tracerProvider: ledger.provider, onError: () => {} } }
  },
}))

const propagators: Seam[] = Object.entries(THROWS).flatMap(([way, fault]) =>
  (['inject', 'extract', 'fields'] as const).flatMap((method) =>
    [['traceparent', 'tracestate', 'baggage'], ['x-foreign']].map((fields) =>
      withOptions(`propagator of ${fields[0]}: ${method} ${way}`, {
        propagator: propagatorWith(fields, method, fault),
      }),
    ),
  ),
)

function propagatorWith(fields: string[], method: keyof TextMapPropagator, fault: Break): TextMapPropagator {
  const good = {
    inject: () => {},
    extract: (context: Context) => context,
    fields: () => fields,
  }
  return { ...good, [method]: fault(good[method]) }
}

const policies: Seam[] = (['relation', 'trust', 'republish', 'destinationTemplate'] as const).flatMap((option) => [
  withOptions(`${option} throws`, { [option]: fail }),
  withOptions(`${option} rejects`, { [option]: reject }),
  withOptions(`${option} gives garbage`, { [option]: garbage }),
])

const hooks: Seam[] = (['onSend', 'onReceive', 'onProcess', 'onSettle'] as const).flatMap((hook) => [
  withOptions(`${hook} throws`, { hooks: { [hook]: fail }, spans: { settle: true } }),
  withOptions(`${hook} rejects`, { hooks: { [hook]: reject }, spans: { settle: true } }),
])

/** Something else has to fail, or nobody asks the reporter. */
const failing = { hooks: { onSend: fail, onReceive: fail, onProcess: fail, onSettle: fail }, spans: { settle: true } }

const reporters: Seam[] = [
  withOptions('onError throws', { ...failing, onError: fail }),
  withOptions('onError rejects', { ...failing, onError: reject }),
  withOptions('diag logger throws', { ...failing, onError: undefined }, () => {
    diag.setLogger(
      { error: fail, warn: fail, info: fail, debug: fail, verbose: fail },
      { suppressOverrideMessage: true },
    )
    return () => diag.disable()
  }),
]

const INSTRUMENTS = ['createCounter', 'createHistogram', 'createUpDownCounter', 'createObservableGauge'] as const

const meters: Seam[] = [
  withOptions('getMeter throws', { meterProvider: { getMeter: fail } }),
  withOptions('addBatchObservableCallback throws', { meterProvider: meterWith({ addBatchObservableCallback: fail }) }),
  ...INSTRUMENTS.flatMap((method) => [
    withOptions(`${method} throws`, { meterProvider: meterWith({ [method]: fail }) }),
    withOptions(`${method} gives nothing`, { meterProvider: meterWith({ [method]: () => undefined }) }),
    withOptions(`instruments of ${method} throw`, {
      meterProvider: meterWith({ [method]: () => ({ add: fail, record: fail }) }),
    }),
  ]),
]

function instrument(): { add(): void; record(): void } {
  return { add: () => {}, record: () => {} }
}

function meterWith(part: Readonly<Record<string, () => unknown>>): NonNullable<TracingOptions['meterProvider']> {
  const meter = {
    createCounter: instrument,
    createHistogram: instrument,
    createUpDownCounter: instrument,
    createObservableGauge: instrument,
    addBatchObservableCallback: () => {},
    ...part,
  }
  return { getMeter: () => meter as never }
}

const managers: Seam[] = [
  withManager('with throws before it calls', { with: fail }),
  withManager('with throws after it called', {
    with(_context, work, thisArg, ...args) {
      work.apply(thisArg as never, args)
      return fail()
    },
  }),
  withManager('with loses the result', {
    with(_context, work, thisArg, ...args) {
      work.apply(thisArg as never, args)
      return undefined as never
    },
  }),
  withManager('with calls twice', {
    with(_context, work, thisArg, ...args) {
      work.apply(thisArg as never, args)
      return work.apply(thisArg as never, args)
    },
  }),
  withManager('with calls later', {
    with(_context, work, thisArg, ...args) {
      queueMicrotask(() => void work.apply(thisArg as never, args))
      return undefined as never
    },
  }),
  withManager('with never calls', { with: () => undefined as never }),
  withManager('active throws', { active: fail }),
  withManager('active gives the root', { active: () => ROOT_CONTEXT }),
]

function withManager(name: string, part: Partial<ContextManager>): Seam {
  return withOptions(`context manager: ${name}`, {}, () => {
    const good = new AsyncLocalStorageContextManager().enable()
    const manager: ContextManager = {
      active: () => good.active(),
      with: good.with.bind(good),
      bind: good.bind.bind(good),
      enable: () => manager,
      disable: () => manager,
      ...part,
    }
    contexts.disable()
    contexts.setGlobalContextManager(manager)
    return () => {
      contexts.disable()
      contexts.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    }
  })
}

const parts: Seam[] = [
  withParts('getter.keys throws', { getter: { keys: fail, get: () => undefined } }),
  withParts('getter.keys gives garbage', { getter: { keys: garbage, get: () => undefined } }),
  withParts('getter.get throws', { getter: { keys: () => ['traceparent', 'baggage'], get: fail } }),
  withParts('getter.get gives garbage', { getter: { keys: () => ['traceparent', 'baggage'], get: garbage } }),
  withParts('setter.set throws', { setter: { set: fail } }),
  withParts('fits throws', { fits: fail }),
  withParts('fits gives garbage', { fits: garbage }),
  withParts('results throws', { results: fail }),
  withParts('results gives garbage', { results: garbage }),
  withParts('refused throws', { refused: fail }),
  withParts('refused gives garbage', { refused: garbage }),
]

/** What can fail without an adapter's help. */
export const optionSeams: readonly Seam[] = [
  ...spans,
  ...insideSdk,
  ...propagators,
  ...policies,
  ...hooks,
  ...reporters,
  ...meters,
  ...managers,
]

/** Everything that core calls and that is not core. */
export const seams: readonly Seam[] = [...optionSeams, ...parts]

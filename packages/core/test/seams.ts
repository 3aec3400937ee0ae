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
const hang = (): never => new Promise(() => {}) as never
const garbage = (): never => 42 as never
/** Whatever is asked of it throws. */
const trap: never = new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }) as never

/** Good once, broken from then on. */
const later: Break = (original) => {
  let calls = 0
  return (...args) => (calls++ === 0 ? original(...args) : fail())
}
const twice: Break =
  (original) =>
  (...args) => {
    original(...args)
    return original(...args)
  }

/**
 * How a function that is not ours can fail. Those of an SDK are synchronous: one that rejects instead ends the process for
 * everybody who calls it, with us and without us.
 */
const WAYS: Readonly<Record<string, Break>> = {
  'throws always': () => fail,
  'throws later': later,
  'throws no error': () => () => {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- on purpose
    throw undefined
  },
  'gives nothing': () => () => undefined,
  'gives null': () => () => null,
  'gives garbage': () => garbage,
  'gives a trap': () => () => trap,
  'gives a promise that never settles': () => hang,
}
const WAYS_OF_PROPAGATORS = { ...WAYS, 'gives a promise that rejects': () => reject, 'works twice': twice }

function sdk(...processors: SpanProcessor[]): BasicTracerProvider {
  return new BasicTracerProvider({ spanProcessors: processors })
}

function withOptions(name: string, options: TracingOptions, arrange?: Seam['arrange']): Seam {
  return {
    name,
    prepare() {
      const ledger = createLedger(sdk())
      const usual = { tracerProvider: ledger.provider, onError: () => {} }
      // Reads none of the options.
      return { ledger, options: Object.defineProperties(usual, Object.getOwnPropertyDescriptors(options)) }
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

const samplerThat = (shouldSample: () => never) => () =>
  new BasicTracerProvider({ sampler: { shouldSample, toString: () => 'broken' } })

const insideSdk: Seam[] = [
  ['sampler throws', samplerThat(fail)] as const,
  ['sampler gives nothing', samplerThat(() => undefined as never)] as const,
  ['sampler gives garbage', samplerThat(() => ({ decision: 'maybe', attributes: trap }) as never)] as const,
  ['processor onStart throws', () => sdk(processor({ onStart: fail }))] as const,
  ['processor onStart ends the span', () => sdk(processor({ onStart: (span) => span.end() }))] as const,
  ['processor onEnd throws', () => sdk(processor({ onEnd: fail }))] as const,
].map(([name, create]) => ({
  name: `SDK ${name}`,
  prepare() {
    const ledger = createLedger(create())
    return { ledger, options: { tracerProvider: ledger.provider, onError: () => {} } }
  },
}))

const propagators: Seam[] = Object.entries(WAYS_OF_PROPAGATORS).flatMap(([way, fault]) =>
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
  withOptions(`${option} gives null`, { [option]: () => null as never }),
  withOptions(`${option} gives a trap`, { [option]: () => trap }),
  withOptions(`${option} never answers`, { [option]: hang }),
])

const hooks: Seam[] = (['onSend', 'onReceive', 'onProcess', 'onSettle'] as const).flatMap((hook) => [
  withOptions(`${hook} throws`, { hooks: { [hook]: fail }, spans: { settle: true } }),
  withOptions(`${hook} rejects`, { hooks: { [hook]: reject }, spans: { settle: true } }),
  withOptions(`${hook} never settles`, { hooks: { [hook]: hang }, spans: { settle: true } }),
  withOptions(`${hook} gives a trap`, { hooks: { [hook]: () => trap }, spans: { settle: true } }),
  withOptions(`${hook} empties what it is told`, { hooks: { [hook]: empty }, spans: { settle: true } }),
])

/** Takes out of the facts that a hook is told what can be taken out. */
function empty(_span: unknown, facts: object): void {
  for (const part of [facts, ...Object.values(facts)] as unknown[]) {
    if (typeof part !== 'object' || part === null) continue
    for (const key of Reflect.ownKeys(part)) Reflect.deleteProperty(part, key)
  }
}

/** Something else has to fail, or nobody asks the reporter. */
const failing = { hooks: { onSend: fail, onReceive: fail, onProcess: fail, onSettle: fail }, spans: { settle: true } }

const reporters: Seam[] = [
  withOptions('onError throws', { ...failing, onError: fail }),
  withOptions('onError rejects', { ...failing, onError: reject }),
  withOptions('onError never settles', { ...failing, onError: hang }),
  withOptions('onError gives a trap', { ...failing, onError: () => trap }),
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
  ...Object.entries(WAYS).map(([way, fault]) =>
    withOptions(`getMeter ${way}`, { meterProvider: { getMeter: fault(() => undefined) as never } }),
  ),
  withOptions('addBatchObservableCallback throws', { meterProvider: meterWith({ addBatchObservableCallback: fail }) }),
  ...INSTRUMENTS.flatMap((method) =>
    [
      withOptions(`${method} throws`, { meterProvider: meterWith({ [method]: fail }) }),
      withOptions(`${method} gives nothing`, { meterProvider: meterWith({ [method]: () => undefined }) }),
    ].concat(
      Object.entries(WAYS).map(([way, fault]) =>
        withOptions(`${method}: an instrument ${way}`, {
          meterProvider: meterWith({
            [method]: () => ({ add: fault(() => {}), record: fault(() => {}), addCallback: fault(() => {}) }),
          }),
        }),
      ),
    ),
  ),
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
  withManager('with calls once more, later', {
    with(_context, work, thisArg, ...args) {
      queueMicrotask(() => quiet(() => work.apply(thisArg as never, args)))
      return work.apply(thisArg as never, args)
    },
  }),
  withManager('with calls late', {
    with(_context, work, thisArg, ...args) {
      queueMicrotask(() => quiet(() => work.apply(thisArg as never, args)))
      return undefined as never
    },
  }),
  withManager('with never calls', { with: () => undefined as never }),
  withManager('with gives a trap', { with: () => trap }),
  withManager('active throws', { active: fail }),
  withManager('active gives nothing', { active: () => undefined as never }),
  withManager('active gives null', { active: () => null as never }),
  withManager('active gives garbage', { active: garbage }),
  withManager('active gives a trap', { active: () => trap }),
  withManager('active gives the root', { active: () => ROOT_CONTEXT }),
]

/** What fails late would end the process without us, too. */
function quiet(work: () => unknown): void {
  try {
    const result = work()
    if (result instanceof Promise) result.catch(() => {})
  } catch {
    // It is somebody else's.
  }
}

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

/** Options that cannot be read, or are of no kind that there is. */
const readings: Seam[] = [
  ...([
    'hooks',
    'spans',
    'capture',
    'deadLetter',
    'relation',
    'trust',
    'baggage',
    'maxTraceAge',
    'convention',
  ] as const),
  ...(['republish', 'destinationTemplate', 'onError', 'tracerProvider', 'meterProvider', 'propagator'] as const),
].flatMap((option) => [
  withOptions(
    `the option ${option} cannot be read`,
    Object.defineProperty({}, option, { get: fail, enumerable: true }),
  ),
  withOptions(`the option ${option} is null`, { [option]: null }),
  withOptions(`the option ${option} is a number`, { [option]: 42 }),
  withOptions(`the option ${option} is a trap`, { [option]: trap }),
])

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
  ...readings,
]

/** Everything that core calls and that is not core. */
export const seams: readonly Seam[] = [...optionSeams, ...parts]

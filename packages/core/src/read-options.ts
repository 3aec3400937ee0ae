import { isObject, wordFor } from './base/given.ts'
import type { OutcomeOf } from './base/policy.ts'
import {
  BOOLEAN,
  either,
  FUNCTION,
  NUMBER,
  oneOf,
  RELATION,
  TEXT,
  TIME,
  TRUST,
  withMethods,
  type Kind,
} from './option-kinds.ts'
import type { TracingOptions } from './options.ts'

/**
 * The names of an adapter's own options, and the types of their values. A number is finite and not negative; a hook is a
 * function, or `false`. `outcomeOf` is the option of that name, where it is a handler's own.
 */
export type OwnOptions = Readonly<Record<string, 'string' | 'number' | 'boolean' | 'hook' | 'outcomeOf'>>

/** The values of an adapter's own options. `undefined`: not given, or not valid. */
export type OwnValues<Own extends OwnOptions> = {
  readonly [Name in keyof Own]:
    | {
        string: string
        number: number
        boolean: boolean
        hook: (() => unknown) | false
        outcomeOf: OutcomeOf
      }[Own[Name]]
    | undefined
}

/** Options as they were when they were read. */
export interface Reading {
  /** Frozen, and free of what is not valid. */
  readonly options: TracingOptions
  /** What was found, in a fixed order. */
  readonly found: readonly unknown[]
  /** What is wrong, each in a sentence. */
  readonly complaints: readonly string[]
}

const NAMES: Kind = { accepts: (value) => Array.isArray(value) && value.every(TEXT.accepts), words: 'a list of texts' }
const OWN: Readonly<Record<OwnOptions[string], Kind>> = {
  string: TEXT,
  number: { accepts: (value) => Number.isFinite(value) && (value as number) >= 0, words: 'a number from 0 on' },
  boolean: BOOLEAN,
  hook: either(FUNCTION, oneOf(false)),
  outcomeOf: FUNCTION,
}

type Kinds<Options> = { readonly [Name in keyof Options]-?: Kind }
type Group<Name extends keyof TracingOptions> = NonNullable<TracingOptions[Name]>
type GroupName = 'spans' | 'capture' | 'deadLetter' | 'hooks'

/** What guards something is on guard where it cannot be read. */
const KINDS: Kinds<Omit<TracingOptions, GroupName>> = {
  relation: either(RELATION, FUNCTION),
  trust: { ...either(TRUST, FUNCTION), instead: 'ignore' },
  maxTraceAge: NUMBER,
  maxOpen: TIME,
  baggage: { ...either(BOOLEAN, NAMES), instead: false },
  errorStatus: oneOf('every', 'terminal'),
  followUp: oneOf('producer'),
  peerService: either(TEXT, oneOf(true)),
  spanPerMessageUpTo: NUMBER,
  maxMessageBytes: NUMBER,
  republish: FUNCTION,
  outcomeOf: FUNCTION,
  convention: oneOf('compatible', '1.45', '1.44'),
  destinationTemplate: FUNCTION,
  onError: FUNCTION,
  tracerProvider: withMethods('a TracerProvider', 'getTracer'),
  meterProvider: withMethods('a MeterProvider', 'getMeter'),
  propagator: withMethods('a TextMapPropagator', 'inject', 'extract', 'fields'),
}

const GROUPS: { readonly [Name in GroupName]: Kinds<Group<Name>> } = {
  spans: { settle: BOOLEAN, emptyReceive: BOOLEAN },
  capture: { messageKey: oneOf('on', 'off'), bodySize: BOOLEAN },
  deadLetter: {
    errorMessage: { ...BOOLEAN, instead: false },
    errorStack: BOOLEAN,
    redact: { ...FUNCTION, instead: () => undefined },
  },
  hooks: { onSend: FUNCTION, onReceive: FUNCTION, onProcess: FUNCTION, onSettle: FUNCTION },
}

/** The names of all options. */
export const OPTION_NAMES: readonly string[] = [...Object.keys(KINDS), ...Object.keys(GROUPS)]

const GROUP: Kind = { accepts: isObject, words: 'an object' }

/** Instances of tracing tell their options. */
const TRACING: Kind = {
  accepts: (value) => isObject(value) && isObject(Reflect.get(value, 'options')),
  words: 'what createTracing gives',
}

/** Stands for what is there and cannot be read. */
const UNREADABLE = Symbol('unreadable')

type Values = Record<string, unknown>

class Reader {
  readonly found: unknown[] = []
  readonly complaints: string[] = []

  /** The value of one option; `undefined` where it is to be as if it were not given. */
  take(from: object, name: string, { accepts, words, instead }: Kind, label = name): unknown {
    let value: unknown = UNREADABLE
    try {
      value = Reflect.get(from, name)
      if (value === undefined || (value === null && instead === undefined) || accepts(value)) {
        this.found.push(value)
        return value ?? undefined
      }
    } catch {
      // A getter of the caller's.
    }
    this.found.push(value)
    if (from !== NOTHING) this.complaints.push(complaint(label, value, words))
    return instead
  }

  takeAll(from: object, kinds: Readonly<Record<string, Kind>>, label = ''): Values {
    const values: Values = {}
    for (const name of Object.keys(kinds)) {
      const value = this.take(from, name, kinds[name] as Kind, label + name)
      if (value !== undefined) values[name] = label !== '' && typeof value === 'function' ? value.bind(from) : value
    }
    return values
  }

  lookForOthers(from: object, isKnown: (name: string) => boolean, label = ''): void {
    try {
      const names = Object.keys(from).filter((name) => !isKnown(name))
      const some = names.slice(0, 5).map((name) => label + name.slice(0, 40))
      if (names.length > 0) this.complaints.push(`There is no option ${some.join(', ')} here`)
    } catch {
      // Nobody can tell which there are.
    }
  }
}

function complaint(label: string, value: unknown, words: string): string {
  const what = value === UNREADABLE ? 'cannot be read' : `is ${wordFor(value)}`
  return `The option ${label} ${what}; it has to be ${words}`
}

/** In place of a group that cannot be read: each of its members cannot. */
const NOTHING: object = new Proxy({}, { get: () => UNREADABLE })

/** What reading such options again gives. */
const readings = new WeakMap<object, Reading>()

/**
 * Reads options, each once. What is not valid is replaced by what is safe. Never throws.
 *
 * @param own options of the adapter's that may stand beside them
 */
export function readOptions(given: object, own: OwnOptions = {}): Reading {
  const known = readings.get(given)
  if (known !== undefined) return known
  const reader = new Reader()
  const options = reader.takeAll(given, KINDS)
  for (const [name, kinds] of Object.entries(GROUPS)) {
    // Read on its own, to tell a group that is not there from one that is not to be read.
    const mistakes = reader.complaints.length
    const group = reader.take(given, name, GROUP) as object | undefined
    const isWrong = reader.complaints.length > mistakes
    if (group === undefined && !isWrong) continue
    options[name] = Object.freeze(reader.takeAll(group ?? NOTHING, kinds, `${name}.`))
    if (group !== undefined) reader.lookForOthers(group, (key) => Object.hasOwn(kinds, key), `${name}.`)
  }
  reader.take(given, 'tracing', TRACING)
  const isKnown = (name: string): boolean =>
    name === 'tracing' || [KINDS, GROUPS, own].some((names) => Object.hasOwn(names, name))
  reader.lookForOthers(given, isKnown)
  const { found, complaints } = reader
  const reading: Reading = { options: Object.freeze(options) as TracingOptions, found, complaints }
  // What was wrong is gone, and is not told again.
  readings.set(reading.options, { ...reading, complaints: [] })
  return reading
}

/** Whether nothing has changed between two readings of one object. */
export function isUnchanged(before: Reading, now: Reading): boolean {
  return before === now || before.found.every((value, index) => Object.is(value, now.found[index]))
}

/**
 * An adapter's own options, each read once. What is not valid counts as not given. Never throws.
 *
 * @param warn told what is wrong
 */
export function readOwn<Own extends OwnOptions>(
  given: unknown,
  own: Own,
  warn: (message: string) => void,
): OwnValues<Own> {
  // A batch is often handled without options.
  if (!isObject(given)) return {} as OwnValues<Own>
  const reader = new Reader()
  const kinds = Object.fromEntries(Object.entries(own).map(([name, type]) => [name, OWN[type]]))
  const values = reader.takeAll(given, kinds)
  for (const text of reader.complaints) warn(text)
  return values as OwnValues<Own>
}

/** Whether options say something beside an adapter's own. Never throws. */
export function saysMore(given: object, own: OwnOptions): boolean {
  try {
    return Object.entries(given).some(([name, value]) => value !== undefined && !Object.hasOwn(own, name))
  } catch {
    return true
  }
}

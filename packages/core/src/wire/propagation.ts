import { diag, propagation, ROOT_CONTEXT, trace, type TextMapPropagator } from '@opentelemetry/api'
import type { Lineage } from './history.ts'
import { createForeignFormat } from './foreign.ts'
import { validSpanContext, type BaggagePolicy, type Extracted, type Format, type Propagation } from './format.ts'
import { fieldNames, readHeaders, type FieldNames, type Headers } from './carrier.ts'
import { LINEAGE_FIELD, LONGEST_LINEAGE, parseLineage } from './lineage.ts'
import { FACT_NAMES, readMoveFacts } from './move-facts.ts'
import { withSpan } from '../base/light-context.ts'
import type { Report, Stage } from '../base/report.ts'
import { parseTraceparent } from './traceparent.ts'
import { createW3cFormat } from './w3c.ts'

const TRACE_CONTEXT: readonly string[] = ['traceparent', 'tracestate']
const W3C_FIELDS: ReadonlySet<string> = new Set([...TRACE_CONTEXT, 'baggage'])

const OUR_NAMES: readonly string[] = [LINEAGE_FIELD, ...FACT_NAMES]

const ABSENT: Extracted = Object.freeze({
  context: ROOT_CONTEXT,
  creation: undefined,
  status: 'absent',
  lineage: undefined,
  moved: undefined,
  baggage: undefined,
} as const)

/** What is used until the propagator, or its absence, says otherwise. */
interface Binding {
  /** The propagator that was asked; `undefined`: there is none, which looks like one without fields. */
  readonly asked: unknown
  /** The propagator's fields, in lower case. */
  readonly own: ReadonlySet<string>
  /** All fields as they are written, ours included. */
  readonly spelled: readonly string[]
  /** The same, and `baggage`, which is looked at even where it is left to others. */
  readonly fields: FieldNames
  readonly format: Format
  /** What to look for on a message; `undefined`: everything. */
  readonly wanted: FieldNames | undefined
}

/**
 * @param configured the user's propagator. Default: the global one, whichever is registered at the time of each message
 */
export function createPropagation(
  configured: TextMapPropagator | undefined,
  policy: BaggagePolicy,
  report: Report,
): Propagation {
  const propagator = configured ?? propagation
  const askFields = (): unknown => propagator.fields()
  const isOff = /^\s*none\s*$/.test(process.env['OTEL_PROPAGATORS'] ?? '')
  let binding: Binding | undefined

  /** Looks again each time, because an SDK may be registered after us; does work only where it was. */
  function bound(): Binding {
    const asked = configured ?? registered()
    if (binding !== undefined && asked === binding.asked) return binding
    const told = asked === undefined ? undefined : report.ask(askFields, 'propagator')
    if (asked === undefined && !isOff) sayBuiltIn()
    const found = bind(Array.isArray(told) ? told : undefined, asked)
    // One that failed is asked again.
    if (asked === undefined || told !== undefined) binding = found
    return found
  }

  function bind(told: readonly unknown[] | undefined, asked: unknown): Binding {
    // Only a propagator reads and writes baggage.
    const builtIn = asked === undefined ? !isOff : told === undefined
    const spelled = builtIn ? TRACE_CONTEXT : (told ?? []).filter((name) => typeof name === 'string')
    const own = new Set(spelled.map((name) => name.toLowerCase()))
    const fields = fieldNames(new Set([...own, ...OUR_NAMES, 'baggage']))
    const base = { asked, spelled: [...spelled, ...OUR_NAMES], own, fields }
    const w3c = own.has('traceparent') && [...own].every((name) => W3C_FIELDS.has(name))
    return w3c
      ? { ...base, wanted: fields, format: createW3cFormat(own, propagator, policy, report) }
      : { ...base, wanted: undefined, format: createForeignFormat(own, propagator, policy, report) }
  }

  function read({ format }: Binding, headers: Headers): Extracted {
    const extracted = format.read(headers)
    // Nearly every message has a context and nothing else.
    if (headers.size > 1 || extracted.creation === undefined) {
      extracted.lineage = readLineage(headers)
      extracted.moved = readMoveFacts(headers)
    }
    return extracted
  }

  function readLineage(headers: Headers): Lineage | undefined {
    if (!headers.has(LINEAGE_FIELD)) return undefined
    const text = headers.text(LINEAGE_FIELD, LONGEST_LINEAGE, 'latin1')
    if (text === undefined && headers.all(LINEAGE_FIELD).length === 0) return undefined
    const lineage = text === undefined ? undefined : parseLineage(text)
    if (lineage === undefined) report.failed('headers', new Error(`Malformed ${LINEAGE_FIELD} field, ignored`))
    return lineage
  }

  return {
    extract(carrier, getter, slot) {
      let extracted = ABSENT
      let stage: Stage = 'headers'
      try {
        const current = bound()
        const headers = readHeaders(carrier, getter, current.wanted)
        stage = 'propagator'
        if (headers !== undefined) extracted = read(current, headers)
      } catch (error) {
        report.failed(stage, error)
      }
      const spare = slot !== undefined && extracted.status === 'absent' ? parseTraceparent(slot.traceparent) : undefined
      if (slot === undefined || spare === undefined) return extracted
      const { context, lineage, moved, baggage } = extracted
      const common = { status: 'present', lineage, moved, baggage } as const
      return slot.decides
        ? { context: withSpan(context, trace.wrapSpanContext(spare)), creation: spare, ...common }
        : { context, creation: undefined, ...common, named: spare }
    },
    fields(context, spanContext = validSpanContext(context)) {
      try {
        if (spanContext === undefined && propagation.getBaggage(context) === undefined) return undefined
        return bound().format.write(context, spanContext)
      } catch (error) {
        report.failed('propagator', error)
        return undefined
      }
    },
    names: () => bound().spelled,
    isField(name, fields) {
      const { own, fields: known } = binding ?? bound()
      const match = known.match(name)
      if (match === 'baggage') return fields === undefined ? own.has(match) : match in fields
      if (match === undefined || fields === undefined || !own.has(match)) return match !== undefined
      return Object.keys(fields).some((written) => written !== 'baggage' && own.has(written.toLowerCase()))
    },
    essential: (fields) => bound().format.essential(fields),
    nothing: () => Object.fromEntries([...bound().spelled, 'baggage'].map((name) => [name, undefined])),
  }
}

/** The propagator that is registered: of one without fields the API says the same as of none. */
function registered(): unknown {
  const api = (globalThis as { readonly [key: symbol]: unknown })[API]
  return (api as { readonly propagation?: unknown } | undefined)?.propagation
}

/** Where the API keeps what is registered. */
const API = Symbol.for('opentelemetry.js.api.1')

let saidBuiltIn = false

function sayBuiltIn(): void {
  if (saidBuiltIn) return
  saidBuiltIn = true
  diag.info('tracebaton: no propagator is registered; W3C Trace Context is used')
}

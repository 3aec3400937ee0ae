import { diag, propagation, ROOT_CONTEXT, trace, type TextMapPropagator } from '@opentelemetry/api'
import { createForeignFormat } from './foreign.ts'
import { validSpanContext, type BaggagePolicy, type Extracted, type Format, type Propagation } from './format.ts'
import { fieldNames, readHeaders, type FieldNames, type Headers } from './carrier.ts'
import { LINEAGE_FIELD, parseLineage, type Lineage } from './lineage.ts'
import { FACT_NAMES, readMoveFacts } from './move-facts.ts'
import { withSpan } from '../base/light-context.ts'
import type { Report, Stage } from '../base/report.ts'
import { parseTraceparent } from './traceparent.ts'
import { createW3cFormat } from './w3c.ts'

const TRACE_CONTEXT: readonly string[] = ['traceparent', 'tracestate']
const W3C_FIELDS: ReadonlySet<string> = new Set([...TRACE_CONTEXT, 'baggage'])

const ABSENT: Extracted = Object.freeze({
  context: ROOT_CONTEXT,
  creation: undefined,
  status: 'absent',
  lineage: undefined,
  moved: undefined,
} as const)

/** What is used until the propagator, or its absence, says otherwise. */
interface Binding {
  /** What the propagator said its fields were. */
  readonly told: readonly string[]
  /** All fields as they are written, ours included. */
  readonly spelled: readonly string[]
  /** The same in lower case. */
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
  let binding: Binding | undefined

  /** Looks again each time, because an SDK may be registered after us; does work only when something changed. */
  function bound(): Binding {
    let told: readonly string[] | undefined
    try {
      told = propagator.fields()
    } catch (error) {
      report.failed('propagator', error)
    }
    if (binding !== undefined && (told === undefined || sameList(told, binding.told))) return binding
    // A propagator somebody gave us, without fields, is how to ask for no propagation.
    const builtIn = told === undefined || (told.length === 0 && configured === undefined)
    if (builtIn && told !== undefined) sayBuiltIn()
    return (binding = bind(told ?? [], builtIn))
  }

  function bind(told: readonly string[], builtIn: boolean): Binding {
    // Only a propagator reads and writes baggage.
    const spelled = builtIn ? TRACE_CONTEXT : told
    const own = new Set(spelled.map((name) => name.toLowerCase()))
    const fields = fieldNames(new Set([...own, LINEAGE_FIELD, ...FACT_NAMES]))
    const base = { told: [...told], spelled: [...spelled, LINEAGE_FIELD, ...FACT_NAMES], fields }
    const w3c = own.has('traceparent') && [...own].every((name) => W3C_FIELDS.has(name))
    return w3c
      ? { ...base, wanted: fields, format: createW3cFormat(own, propagator, policy, report) }
      : { ...base, wanted: undefined, format: createForeignFormat(own, propagator, policy, report) }
  }

  function read({ format }: Binding, headers: Headers): Extracted {
    const extracted = format.read(headers)
    // Nearly every message has a context and nothing else.
    if (headers.names.length > 1 || extracted.creation === undefined) {
      extracted.lineage = readLineage(headers)
      extracted.moved = readMoveFacts(headers)
    }
    return extracted
  }

  function readLineage(headers: Headers): Lineage | undefined {
    if (!headers.has(LINEAGE_FIELD)) return undefined
    const text = headers.text(LINEAGE_FIELD)
    if (text === undefined && headers.texts(LINEAGE_FIELD).length === 0) return undefined
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
      const spare = slot !== undefined && extracted.status === 'absent' ? parseTraceparent(slot) : undefined
      if (spare === undefined) return extracted
      const { context, lineage, moved } = extracted
      return {
        context: withSpan(context, trace.wrapSpanContext(spare)),
        creation: spare,
        status: 'present',
        lineage,
        moved,
      }
    },
    fields(context) {
      try {
        const spanContext = validSpanContext(context)
        return spanContext && bound().format.write(context, spanContext)
      } catch (error) {
        report.failed('propagator', error)
        return undefined
      }
    },
    names: () => bound().spelled,
    isField(name) {
      const { fields } = binding ?? bound()
      return fields.match(name) !== undefined
    },
    essential: (fields) => bound().format.essential(fields),
  }
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index])
}

let saidBuiltIn = false

function sayBuiltIn(): void {
  if (saidBuiltIn) return
  saidBuiltIn = true
  diag.info('tracebaton: no propagator is registered; W3C Trace Context is used')
}

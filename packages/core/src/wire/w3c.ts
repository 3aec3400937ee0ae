import {
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { withSpan, withValue } from '../base/light-context.ts'
import { withAllowedBaggage, type BaggagePolicy, type Format } from './format.ts'
import { extractedBy, injected } from './propagator.ts'
import { baggageIn, fieldsSetter, Headers } from './carrier.ts'
import type { Report } from '../base/report.ts'
import { SHARED } from '../base/shared-state.ts'
import { formatTraceparent, parseTraceparent, RANDOM_FLAG } from './traceparent.ts'
import { parseTracestate } from './tracestate.ts'

/** Characters of a `traceparent`, of any version. */
const LONGEST = 1_024

/** Visible ASCII, blanks and tabs: what a header may hold. */
const PRINTABLE = /^[\t -~]*$/

/** Holds the trace id of an extracted context whose random flag is set: SDKs drop the flag on the spans below it. */
const RANDOM_TRACE = createContextKey(SHARED.randomTrace)

/**
 * W3C Trace Context, read and written by ourselves.
 *
 * @param names the fields in use
 * @param propagator does the baggage
 */
export function createW3cFormat(
  names: ReadonlySet<string>,
  propagator: TextMapPropagator,
  policy: BaggagePolicy,
  report: Report,
): Format {
  const withTracestate = names.has('tracestate')
  const withBaggage = policy !== false && names.has('baggage')

  function readBaggage(headers: Headers): Context {
    if (!withBaggage || !headers.has('baggage')) return ROOT_CONTEXT
    const only = new Headers(['baggage'])
    for (const value of headers.all('baggage')) only.add('baggage', value)
    const read = extractedBy(propagator, only, report)
    return read === undefined ? ROOT_CONTEXT : withAllowedBaggage(read, policy)
  }

  function writeBaggage(context: Context): string | undefined {
    const baggage = propagation.getBaggage(context)
    if (baggage === undefined || baggage.getAllEntries().length === 0) return undefined
    return injected(propagator, withAllowedBaggage(context, policy), report)?.['baggage']
  }

  return {
    read(headers) {
      const text = headers.text('traceparent', LONGEST, 'latin1')
      const creation = text === undefined ? undefined : parseTraceparent(text)
      const carried = readBaggage(headers)
      const baggage = baggageIn(headers)
      if (creation === undefined) {
        const malformed = text !== undefined || headers.all('traceparent').length > 0
        const status = malformed ? 'malformed' : 'absent'
        return { context: carried, creation, status, lineage: undefined, moved: undefined, baggage }
      }
      if (withTracestate && headers.has('tracestate')) {
        const traceState = parseTracestate(headers.texts('tracestate'))
        if (traceState !== undefined) creation.traceState = traceState
      }
      const random = (creation.traceFlags & RANDOM_FLAG) !== 0
      const base = random ? withValue(carried, RANDOM_TRACE, creation.traceId) : carried
      const context = withSpan(base, trace.wrapSpanContext(creation))
      return { context, creation, status: 'present', lineage: undefined, moved: undefined, baggage }
    },
    write(context, spanContext) {
      const fields: Record<string, string> = {}
      if (spanContext !== undefined) {
        const random = context.getValue(RANDOM_TRACE) === spanContext.traceId
        fields['traceparent'] = formatTraceparent(spanContext, random ? RANDOM_FLAG : 0)
        if (withTracestate && spanContext.traceState !== undefined) {
          fieldsSetter.set(fields, 'tracestate', spanContext.traceState.serialize())
        }
      }
      if (withBaggage) {
        const baggage = report.guard('propagator', () => writeBaggage(context))
        // What an entry says beside its value is written as it came: SQS refuses a message for a control character.
        if (baggage !== undefined && PRINTABLE.test(baggage)) fieldsSetter.set(fields, 'baggage', baggage)
      }
      return spanContext === undefined && fields['baggage'] === undefined ? undefined : fields
    },
    essential: ({ traceparent }) => (traceparent === undefined ? undefined : { traceparent }),
  }
}

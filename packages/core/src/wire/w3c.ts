import {
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { SHARED } from '../base/shared-state.ts'
import { withAllowedBaggage, type BaggagePolicy } from './baggage-policy.ts'
import type { Format } from './format.ts'
import { fieldsSetter, headersGetter, textOf, textsOf, type Headers } from './headers.ts'
import type { Report } from '../base/report.ts'
import { formatTraceparent, parseTraceparent, RANDOM_FLAG } from './traceparent.ts'
import { parseTracestate } from './tracestate.ts'

/** Visible ASCII, blanks and tabs: what a header may hold. */
const PRINTABLE = /^[\t -~]*$/

/** Holds the trace id of an extracted context whose random flag is set: SDKs drop the flag on the spans below it. */
const RANDOM_TRACE = createContextKey(SHARED.randomTrace)

/**
 * W3C Trace Context, read and written by ourselves.
 *
 * @param names the fields in use
 * @param propagator reads and writes baggage, if that is among the fields
 */
export function createW3cFormat(
  names: ReadonlySet<string>,
  propagator: TextMapPropagator,
  policy: BaggagePolicy,
  report: Report,
): Format {
  const withTracestate = names.has('tracestate')
  const withBaggage = policy !== false && names.has('baggage')

  function readBaggage(context: Context, headers: Headers): Context {
    const values = headers.byName.get('baggage')
    if (!withBaggage || values === undefined) return context
    const only: Headers = { byName: new Map([['baggage', values]]), spelled: ['baggage'] }
    const read = report.guard('propagator', () => propagator.extract(context, only, headersGetter))
    return read === undefined ? context : withAllowedBaggage(read, policy)
  }

  function writeBaggage(context: Context): string | undefined {
    const baggage = propagation.getBaggage(context)
    if (baggage === undefined || baggage.getAllEntries().length === 0) return undefined
    const written: Record<string, string> = {}
    propagator.inject(withAllowedBaggage(context, policy), written, fieldsSetter)
    return written['baggage']
  }

  return {
    read(headers) {
      const text = textOf(headers, 'traceparent')
      const creation = text === undefined ? undefined : parseTraceparent(text)
      if (creation === undefined) {
        const status = textsOf(headers, 'traceparent').length > 0 ? 'malformed' : 'absent'
        return { context: readBaggage(ROOT_CONTEXT, headers), creation, status }
      }
      if (withTracestate && headers.byName.has('tracestate')) {
        const traceState = parseTracestate(textsOf(headers, 'tracestate'))
        if (traceState !== undefined) creation.traceState = traceState
      }
      let context = trace.setSpanContext(ROOT_CONTEXT, creation)
      if ((creation.traceFlags & RANDOM_FLAG) !== 0) context = context.setValue(RANDOM_TRACE, creation.traceId)
      return { context: readBaggage(context, headers), creation, status: 'present' }
    },
    write(context, spanContext) {
      const random = context.getValue(RANDOM_TRACE) === spanContext.traceId
      const fields: Record<string, string> = {
        traceparent: formatTraceparent(spanContext, random ? RANDOM_FLAG : 0),
      }
      if (withTracestate && spanContext.traceState !== undefined) {
        fieldsSetter.set(fields, 'tracestate', spanContext.traceState.serialize())
      }
      if (withBaggage) {
        const baggage = report.guard('propagator', () => writeBaggage(context))
        // What an entry says beside its value is written as it came: SQS refuses a message for a control character.
        if (baggage !== undefined && PRINTABLE.test(baggage)) fieldsSetter.set(fields, 'baggage', baggage)
      }
      return fields
    },
    essential: ({ traceparent }) => (traceparent === undefined ? undefined : { traceparent }),
  }
}

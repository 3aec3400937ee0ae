import { ROOT_CONTEXT, trace, type SpanContext, type TextMapPropagator } from '@opentelemetry/api'
import { validSpanContext, withAllowedBaggage, type BaggagePolicy, type Format } from './format.ts'
import { extractedBy, injected } from './propagator.ts'
import { baggageIn, isList, type Fields } from './carrier.ts'
import type { Report } from '../base/report.ts'
import { KNOWN_FLAGS } from './traceparent.ts'

/** Any other propagator (B3, Jaeger, X-Ray, a vendor's), used for everything. */
export function createForeignFormat(
  names: ReadonlySet<string>,
  propagator: TextMapPropagator,
  policy: BaggagePolicy,
  report: Report,
): Format {
  const identities = [...names].filter((name) => !isList(name))
  let saidSilent = identities.length === 0
  return {
    read(headers) {
      const extracted = extractedBy(propagator, headers, report) ?? ROOT_CONTEXT
      const creation = knownFlags(validSpanContext(extracted))
      const context = creation === undefined ? trace.deleteSpan(extracted) : trace.setSpanContext(extracted, creation)
      const present = identities.some((name) => headers.has(name))
      return {
        context: withAllowedBaggage(context, policy),
        creation,
        status: creation !== undefined ? 'present' : present ? 'malformed' : 'absent',
        lineage: undefined,
        moved: undefined,
        baggage: baggageIn(headers),
      }
    },
    write(context, spanContext) {
      const fields = injected(propagator, withAllowedBaggage(context, policy), report)
      if (fields === undefined && spanContext !== undefined && !saidSilent) {
        saidSilent = true
        report.misused(`The propagator of ${identities.join(', ')} writes nothing: messages leave without a context`)
      }
      return fields
    },
    // Jaeger names further ones after entries of baggage, and a broker may refuse these names.
    essential(fields) {
      const own = Object.entries(fields).filter(([name]) => identities.includes(name.toLowerCase()))
      return own.length === 0 ? undefined : (Object.fromEntries(own) as Fields)
    },
  }
}

/** Stock propagators pass unknown flags on, and then write them with three digits. */
function knownFlags(context: SpanContext | undefined): SpanContext | undefined {
  return context === undefined || (context.traceFlags & ~KNOWN_FLAGS) === 0
    ? context
    : { ...context, traceFlags: context.traceFlags & KNOWN_FLAGS }
}

import { ROOT_CONTEXT, trace, type SpanContext, type TextMapPropagator } from '@opentelemetry/api'
import { validSpanContext, withAllowedBaggage, type BaggagePolicy, type Format } from './format.ts'
import { fieldsSetter, headersGetter, isList } from './carrier.ts'
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
  return {
    read(headers) {
      const extracted =
        report.guard('propagator', () => propagator.extract(ROOT_CONTEXT, headers, headersGetter)) ?? ROOT_CONTEXT
      const creation = knownFlags(validSpanContext(extracted))
      const context = creation === undefined ? trace.deleteSpan(extracted) : trace.setSpanContext(extracted, creation)
      const present = identities.some((name) => headers.has(name))
      return {
        context: withAllowedBaggage(context, policy),
        creation,
        status: creation !== undefined ? 'present' : present ? 'malformed' : 'absent',
        lineage: undefined,
        moved: undefined,
      }
    },
    write(context) {
      const fields: Record<string, string> = {}
      propagator.inject(withAllowedBaggage(context, policy), fields, fieldsSetter)
      return Object.keys(fields).length === 0 ? undefined : fields
    },
    essential: () => undefined,
  }
}

/** Stock propagators pass unknown flags on, and then write them with three digits. */
function knownFlags(context: SpanContext | undefined): SpanContext | undefined {
  return context === undefined || (context.traceFlags & ~KNOWN_FLAGS) === 0
    ? context
    : { ...context, traceFlags: context.traceFlags & KNOWN_FLAGS }
}

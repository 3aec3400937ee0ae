import type { RecordedSpan } from '../src/spans/span.ts'

/** A span with everything that a test does not care about filled in. Its id is given as a short text. */
export function spanOf(span: Partial<RecordedSpan> & { readonly name: string; readonly spanId: string }): RecordedSpan {
  return {
    kind: 'internal',
    traceId: 'a'.repeat(32),
    startTime: 0,
    ...(Object.hasOwn(span, 'endTime') ? {} : { endTime: (span.startTime ?? 0) + 1 }),
    attributes: {},
    links: [],
    events: [],
    status: 'unset',
    service: 'shop',
    resource: { 'service.name': span.service ?? 'shop' },
    scope: 'test',
    ...span,
  }
}

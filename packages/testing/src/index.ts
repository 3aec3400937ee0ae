export { createRecorder } from './recorder.ts'
export type { Recorder, RecorderOptions } from './recorder.ts'
export { createReceiver } from './receiver.ts'
export type { Receiver, ReceiverOptions } from './receiver.ts'
export type { Falsy, UntilCondition, UntilOptions } from './until.ts'
export type { HighResolutionTime, SdkResource, SdkScope, SdkSpan, SdkSpanContext } from './sdk-span.ts'

export { spanKey } from './span.ts'
export type {
  RecordedEvent,
  RecordedLink,
  RecordedSpan,
  RecordedSpanKind,
  RecordedSpanStatus,
  SpanAttributes,
} from './span.ts'
export { messageFacts } from './facts.ts'
export type { MessageFacts } from './facts.ts'

export { spanGraph } from './graph.ts'
export type { Journey, SpanGraph, SpanLink, SpanNode, TraceTree } from './graph.ts'
export { danglingLinks, danglingParents, unconnected } from './connection.ts'
export type { DanglingLink } from './connection.ts'

export { messageJourneys } from './journey.ts'
export type { MessageAttempt, MessageJourney } from './journey.ts'
export type { Via } from './creation.ts'
export { messageIdentity } from './identity.ts'
export type { MessageIdentity } from './identity.ts'

export { findingsIn, rules } from './rules.ts'
export type { Rule } from './rules/rule.ts'
export { findingText } from './finding.ts'
export type { Finding, Side } from './finding.ts'
export type { CheckOptions, Evidence } from './evidence.ts'
export { arrivalOf } from './arrival.ts'
export type { Arrival } from './arrival.ts'

export { crashing, delayed, failing, redelivered, reordered } from './faults/handler.ts'
export type { FailingOptions, Handler } from './faults/handler.ts'
export { corrupt, duplicate, strip, upperCase } from './faults/headers.ts'
export type { HeaderBag, HeaderFault } from './faults/headers.ts'
export { tampered, tampering, tamperingMiddleware } from './faults/client.ts'

export { TraceAssertionError } from './assertions/assertion-error.ts'
export type { SpanSource } from './assertions/source.ts'
export { assertJourney } from './assertions/journey.ts'
export type { JourneyOptions } from './assertions/journey.ts'
export { assertConnected } from './assertions/connected.ts'
export type { ConnectedOptions } from './assertions/connected.ts'
export { assertBatchLinks } from './assertions/batch.ts'
export { assertSpan, assertSpans } from './assertions/span.ts'
export type {
  AsymmetricMatcher,
  Expected,
  ExpectedAttribute,
  ExpectedLinks,
  ExpectedOf,
  ExpectedSpan,
  SpanFacts,
  SpanIdentity,
} from './expected-span.ts'
export {
  assertAllEnded,
  assertConventions,
  assertNoDanglingLinks,
  assertNoLeak,
  assertNoOrphans,
  assertNoSecrets,
  assertPropagation,
  assertSamplingConsistent,
} from './assertions/rules.ts'
export type { PropagationOptions } from './assertions/rules.ts'
export { matchers } from './matchers.ts'
export type { Matcher, MatcherResult, TraceMatchers } from './matchers.ts'

export { waterfall } from './waterfall.ts'
export type { WaterfallOptions } from './waterfall.ts'
export { svg } from './svg.ts'
export type { SvgOptions } from './svg.ts'
export { html } from './html.ts'
export type { HtmlOptions } from './html.ts'
export { mermaid } from './mermaid.ts'
export type { MermaidOptions } from './mermaid.ts'
export { otlpJsonLines } from './otlp.ts'
export { readOtlp } from './read-otlp.ts'
export type { OtlpInput, OtlpProblem, ReadOtlpOptions } from './read-otlp.ts'
export { structure } from './structure.ts'
export type { StructureOptions } from './structure.ts'

export { diagnose } from './doctor/diagnose.ts'
export type { DiagnoseOptions } from './doctor/diagnose.ts'
export { diagnosisText } from './doctor/diagnosis.ts'
export type { Diagnosis, DiagnosisId } from './doctor/diagnosis.ts'
export type { RoundTripTarget } from './doctor/round-trip.ts'

export { createRecorder } from './recording/recorder.ts'
export type { Recorder, RecorderOptions } from './recording/recorder.ts'
export { createReceiver } from './recording/receiver.ts'
export type { Receiver, ReceiverOptions } from './recording/receiver.ts'
export type { Falsy, UntilCondition, UntilOptions } from './recording/until.ts'
export type { HighResolutionTime, SdkResource, SdkScope, SdkSpan, SdkSpanContext } from './spans/sdk-span.ts'

export { spanKey } from './spans/span.ts'
export type {
  RecordedEvent,
  RecordedLink,
  RecordedSpan,
  RecordedSpanKind,
  RecordedSpanStatus,
  SpanAttributes,
} from './spans/span.ts'
export { messageFacts } from './spans/facts.ts'
export type { MessageFacts } from './spans/facts.ts'

export { spanGraph } from './spans/graph.ts'
export type { Journey, SpanGraph, SpanLink, SpanNode, TraceTree } from './spans/graph.ts'
export { danglingLinks, danglingParents, unconnected } from './spans/connection.ts'
export type { DanglingLink } from './spans/connection.ts'

export { messageJourneys } from './journeys/journey.ts'
export type { MessageAttempt, MessageJourney } from './journeys/journey.ts'
export type { Via } from './journeys/creation.ts'
export { messageIdentity } from './spans/identity.ts'
export type { MessageIdentity } from './spans/identity.ts'

export { findingsIn, rules } from './rules/rules.ts'
export type { Rule } from './rules/rule.ts'
export { findingText } from './rules/finding.ts'
export type { Finding, Side } from './rules/finding.ts'
export type { CheckOptions, Evidence } from './rules/evidence.ts'
export { arrivalOf } from './journeys/arrival.ts'
export type { Arrival } from './journeys/arrival.ts'

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
} from './assertions/expected-span.ts'
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
export { matchers } from './assertions/matchers.ts'
export type { Matcher, MatcherResult, TraceMatchers } from './assertions/matchers.ts'

export { waterfall } from './pictures/waterfall.ts'
export type { WaterfallOptions } from './pictures/waterfall.ts'
export { svg } from './pictures/svg.ts'
export type { SvgOptions } from './pictures/svg.ts'
export { html } from './pictures/html.ts'
export type { HtmlOptions } from './pictures/html.ts'
export { mermaid } from './pictures/mermaid.ts'
export type { MermaidOptions } from './pictures/mermaid.ts'
export { otlpJsonLines } from './otlp/json-lines.ts'
export { readOtlp } from './large/read-otlp.ts'
export type { OtlpInput, OtlpProblem, ReadOtlpOptions } from './large/read-otlp.ts'
export { structure } from './pictures/structure.ts'
export type { StructureOptions } from './pictures/structure.ts'

export { diagnose } from './doctor/diagnose.ts'
export type { DiagnoseOptions } from './doctor/diagnose.ts'
export { diagnosisText } from './doctor/diagnosis.ts'
export type { Diagnosis, DiagnosisId } from './doctor/diagnosis.ts'
export type { RoundTripTarget } from './doctor/round-trip.ts'

export { createRecorder } from './recording/recorder.ts'
export type { Recorder, RecorderOptions } from './recording/recorder.ts'
export { createReceiver } from './recording/receiver.ts'
export type { Receiver, ReceiverOptions } from './recording/receiver.ts'
export type { Falsy, UntilCondition, UntilOptions } from './recording/until.ts'
export type { HighResolutionTime, SdkResource, SdkScope, SdkSpan, SdkSpanContext } from './spans/sdk-span.ts'

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
export type { MessageIdentity } from './spans/identity.ts'

export { messageJourneys } from './journeys/journey.ts'
export type { MessageAttempt, MessageJourney } from './journeys/journey.ts'
export type { Via } from './journeys/creation.ts'
export { arrivalOf } from './journeys/arrival.ts'
export type { Arrival } from './journeys/arrival.ts'

export { findingsIn } from './rules/findings-in.ts'
export type { Finding, Side } from './rules/finding.ts'
export type { CheckOptions, Elsewhere, Evidence } from './rules/evidence.ts'

export { failing, strip, tampering, tamperingMiddleware } from './faults.ts'
export type { FailingOptions, Handler, HeaderBag, HeaderFault } from './faults.ts'

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

export { html, mermaid, svg, waterfall } from './pictures.ts'

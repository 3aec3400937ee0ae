import type { MessageFacts } from '../spans/facts.ts'
import type { RecordedLink, RecordedSpan } from '../spans/span.ts'

/** What names a span: a recorded span is one, and so is a span context. */
export interface SpanIdentity {
  readonly traceId: string
  readonly spanId: string
}

/** What `expect.any(Number)` and its like are, in Vitest and in Jest. */
export interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean
  /** Its name: `Any<Number>`. */
  toAsymmetricMatcher?(): string
}

/**
 * What is expected of a value: an equal value, where `undefined` means that it is absent; a function that says whether
 * the value will do; or an asymmetric matcher.
 */
export type Expected<Value> = Value | ((actual: Value) => boolean) | AsymmetricMatcher

/** Some of the facts, each as it is expected. */
export type ExpectedOf<Facts> = { readonly [Name in keyof Facts]?: Expected<Facts[Name]> | undefined }

/** What a span says that is compared as it is. */
export type SpanFacts = Omit<RecordedSpan, 'parentSpanId' | 'links' | 'attributes'>

/** What is compared as it is. */
export const SAID: Readonly<Record<keyof SpanFacts, true>> = {
  name: true,
  kind: true,
  status: true,
  statusMessage: true,
  traceId: true,
  spanId: true,
  traceFlags: true,
  traceState: true,
  remoteParent: true,
  startTime: true,
  endTime: true,
  events: true,
  droppedLinks: true,
  service: true,
  resource: true,
  scope: true,
  scopeVersion: true,
}

/**
 * What is expected of a span; what is left out is not looked at. Beside what stands below: `name`, `kind`, `status` and
 * the like in the words of `RecordedSpan`, and what it says of its message in those of `MessageFacts`: `attempt`,
 * `deliveryKind`, `outcome`, `errorType` …
 */
export interface ExpectedSpan extends ExpectedOf<SpanFacts>, ExpectedOf<MessageFacts> {
  /** The span that it stands directly below; `none`: it is a root. */
  readonly parent?: SpanIdentity | 'none'
  /**
   * What it links, each once and in any order, and nothing besides; or the same by role, where other roles are not
   * looked at: `{ creation: [send], previous_attempt: [] }`. A function gets the links, in their order.
   */
  readonly links?: ExpectedLinks | Readonly<Record<string, ExpectedLinks>>
  /** Attributes by name. Others may stand beside them. */
  readonly attributes?: Readonly<Record<string, ExpectedAttribute>>
}

/** What a span is expected to link. */
export type ExpectedLinks = readonly SpanIdentity[] | ((links: readonly RecordedLink[]) => boolean)

/** What is expected of an attribute: a value, a function that is given the value, or an asymmetric matcher. */
export type ExpectedAttribute = Expected<string | number | boolean | readonly (string | number | boolean)[] | undefined>

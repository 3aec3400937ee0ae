/** What a broker or its client may be unable to do. Each name with its meaning; a scenario says which of them it needs. */
export const CAPABILITIES = {
  binaryHeaders: 'A header value can be bytes.',
  repeatedHeaders: 'A header can stand on a message more than once.',
  headerCase: 'A header arrives whichever letter case its name was written in.',
  headersOnSend: 'A message can be sent with headers of its own, a context among them.',
  manyHeaders: 'A message has room for thirty headers of its own beside the context.',
  batchSend: 'One call sends several messages.',
  contextPerMessage: 'Each message of one call can carry a context of its own.',
  batchHandling: 'Messages arrive several at a time, and the application handles them as it likes.',
  batchSpan: 'A batch is handed to a handler as a whole, which is an operation with a span of its own.',
  largeBatches: 'More than 128 messages can arrive together.',
  concurrentHandling: 'One consumer can run several handlers at a time.',
  redelivery: 'A message whose handler failed is delivered again.',
  exactDeliveryCount: 'The broker counts deliveries, so that a process that did not see the others knows the attempt.',
  moves: 'The adapter publishes retries, dead letters and redrives: `retryLater`, `deadLetter` and `redrive`.',
  sentTime: 'Somebody tells when a message was sent: the broker, or the adapter on the message.',
  separateProcesses: 'Producer and consumer can be different processes.',
  restart: 'The broker can be restarted under its clients.',
} as const

/** The name of a capability. */
export type CapabilityName = keyof typeof CAPABILITIES

/** Why a capability is missing, for the table in the documentation. */
export interface Missing {
  readonly because: string
}

/** What one broker and its client can do: `true`, or why not. */
export type Capabilities = Readonly<Record<CapabilityName, true | Missing>>

/** What a capability that is missing has in its place. */
export function missing(because: string): Missing {
  return { because }
}

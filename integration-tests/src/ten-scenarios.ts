/** What another client, or another version of one, plays of the suite: what depends most on the client. */
export const TEN: ReadonlySet<string> = new Set([
  'a sent message is handled in a child span that also links the send',
  'the attempts of a message are siblings below its send, numbered, each linking the one before',
  'a message that its handler sends back is the same message: one context, the next attempt, linked',
  'a dead letter begins a trace, linked to the last attempt and to the send, and counts from one',
  'a plain client reads on a moved message one context, one history and the facts',
  'a message from another process is handled below its send there',
  'a frozen message is sent, and stays as it is',
  'a send that the broker refuses fails as it does without tracing, and its span says so',
  'two hundred interleaved messages: every log line is written in the trace of its own message',
  'metrics count what was sent, received and handled',
])

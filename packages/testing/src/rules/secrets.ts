import { arrivalIdentity, headerValues, type Arrival } from '../journeys/arrival.ts'
import type { SpanNode } from '../spans/graph.ts'
import type { RecordedSpan, SpanAttributes } from '../spans/span.ts'
import { createRule, type Found } from './finding.ts'
import type { CheckOptions } from './evidence.ts'
import type { Rule } from './rule.ts'

/**
 * What is a secret wherever it stands. Every repetition has an upper bound, because a text that almost matches costs
 * as many steps at each of its places as the pattern can be long.
 */
export const secretPatterns: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'a password in an address',
    // A port with a path behind it is no password; a password may hold a slash and an @.
    /\b[a-z][a-z\d+.-]{0,31}:\/\/[^\s/:@]{0,128}:(?!\d{1,5}[/?#]|(?:\*{1,256}|x{3,256}|\[?redacted\]?)@)[^\s"'<>]{1,256}@/i,
  ],
  [
    'a secret parameter of an address',
    /[?&](?:[\w.-]{0,64}[_.-])?(?:password|passwd|pwd|secret|token|api[_-]?key|sig|signature|auth|credential)=(?!\*{1,256}(?:[&\s]|$)|x{3,256}|\[?redacted|%5bredacted)[^&\s]/i,
  ],
  ['a private key', /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----/],
  ['a JSON web token', /\beyJ[\w-]{8,1024}\.eyJ[\w-]{8}/],
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z\d]{16}\b/],
  ['a bearer token', /\bbearer\s{1,8}[\w.~+/-]{16}/i],
]

/** Stands in whatever the patterns find: most texts are looked through once, not once for each pattern. */
const HINT = /[@=]|-----|\.eyJ|AKIA|ASIA|bearer/i

const SECRET_NAME = /(?:^|[._-])(?:password|passwd|secret|api[_-]?key|access[_-]?token|authorization|cookie)$/i

/** Spans are read by many, and kept for long. */
export const noSecrets: Rule = createRule({
  id: 'no-secrets',
  title: 'no password, no token and no private baggage stands on a span',
  subject: 'a span',
  applies: ({ nodes, options }) => nodes.length > 0 || (options.arrivals ?? []).length > 0,
  single: true,
  *find({ nodes, options }) {
    for (const node of nodes) yield* checkSpan(node, options)
    for (const arrival of options.arrivals ?? []) yield* checkArrival(arrival, options)
  },
})

function* checkSpan(node: SpanNode, options: CheckOptions): Generator<Found> {
  const { name } = node.span
  for (const [place, said] of placesOf(node.span)) {
    for (const [key, value] of Object.entries(said)) {
      const what = leakOf(key, value, options)
      // The secret itself would only travel further in a report.
      if (what !== undefined) yield { node, problem: `${name} shows ${what} in ${key ? `${place} ${key}` : place}.` }
    }
  }
}

/** Everything that a span says, and where it says it; what has no key of its own has an empty one. */
function placesOf({ name, statusMessage, attributes, events, links }: RecordedSpan): [string, SpanAttributes][] {
  return [
    ['its name', { '': name }],
    ['its status', { '': statusMessage }],
    ['the attribute', attributes],
    ...events.map((event): [string, SpanAttributes] => [`the event ${event.name}, attribute`, event.attributes]),
    ...links.map((link): [string, SpanAttributes] => ['a link, attribute', link.attributes]),
  ]
}

function leakOf(key: string, value: unknown, { secrets = [], privateBaggage = [] }: CheckOptions): string | undefined {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  if (secrets.some((secret) => secret !== '' && text.includes(secret))) return 'a text that was said to be secret'
  if (privateBaggage.some((name) => key === name || key === `baggage.${name}`)) return `the baggage entry ${key}`
  if (SECRET_NAME.test(key) && text !== '') return `the value of ${key}`
  return HINT.test(text) ? secretPatterns.find(([, pattern]) => pattern.test(text))?.[0] : undefined
}

function* checkArrival(arrival: Arrival, { privateBaggage = [] }: CheckOptions): Generator<Found> {
  const { system, destination = 'an unknown destination', headers } = arrival
  const entries = headerValues(headers, 'baggage').flatMap((value) => value.split(','))
  const keys = new Set(entries.map((entry) => entry.split('=')[0]?.trim()))
  for (const name of privateBaggage) {
    if (!keys.has(name)) continue
    yield {
      problem: `The baggage entry ${name} left with a message.`,
      message: arrivalIdentity(arrival)?.text ?? `${system} message to ${destination}`,
      hop: `the wire of ${destination}`,
      side: 'producer',
    }
  }
}

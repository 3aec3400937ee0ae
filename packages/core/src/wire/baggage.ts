import { baggageEntryMetadataFromString, propagation, type Baggage, type BaggageEntry } from '@opentelemetry/api'
import { trimBlanks } from './traceparent.ts'

/** What the W3C text asks every system to carry at least; we carry no more. */
const MAX_MEMBERS = 64
const MAX_BYTES = 8192

/** Characters of a key that need no escape (a "token" of HTTP). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Reads `baggage` headers. Used only where no propagator is registered; members that cannot be read, and those beyond
 * the limits (64 members, 8192 bytes), are left out. Never throws.
 *
 * @see https://www.w3.org/TR/baggage/
 */
export function parseBaggage(headers: readonly string[]): Baggage | undefined {
  const entries: Record<string, BaggageEntry> = Object.create(null)
  let members = 0
  let bytes = 0
  for (const member of headers.flatMap((header) => header.split(','))) {
    const [pair = '', ...properties] = member.split(';')
    const equals = pair.indexOf('=')
    const key = trimBlanks(pair.slice(0, Math.max(equals, 0)))
    if (!TOKEN.test(key)) continue
    bytes += member.length + (members === 0 ? 0 : 1)
    if (members === MAX_MEMBERS || bytes > MAX_BYTES) break
    members++
    const value = unescapeText(trimBlanks(pair.slice(equals + 1)))
    entries[key] =
      properties.length === 0
        ? { value }
        : { value, metadata: baggageEntryMetadataFromString(properties.map(trimBlanks).join(';')) }
  }
  return members === 0 ? undefined : propagation.createBaggage({ ...entries })
}

/** Writes a `baggage` header, whole members only, within the limits; empty text where there is nothing to say. */
export function formatBaggage(baggage: Baggage): string {
  const members: string[] = []
  let bytes = 0
  for (const [key, { value, metadata }] of baggage.getAllEntries()) {
    if (!TOKEN.test(key)) continue
    const properties = metadata?.toString() ?? ''
    const member = `${key}=${escapeText(value)}${properties === '' ? '' : `;${properties}`}`
    bytes += member.length + (members.length === 0 ? 0 : 1)
    if (members.length === MAX_MEMBERS || bytes > MAX_BYTES) break
    members.push(member)
  }
  return members.join(',')
}

/** Only the entries on the list. */
export function allowedBaggage(baggage: Baggage, allowed: readonly string[]): Baggage | undefined {
  const kept = baggage.getAllEntries().filter(([key]) => allowed.includes(key))
  return kept.length === 0 ? undefined : propagation.createBaggage(Object.fromEntries(kept))
}

/** Half a surrogate pair becomes the replacement character; by itself it cannot be escaped. */
function escapeText(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString('utf8'))
}

/** Broken escapes become the replacement character instead of costing the value. */
function unescapeText(text: string): string {
  if (!text.includes('%')) return text
  const bytes: Buffer[] = []
  for (const piece of text.split(/(%[0-9A-Fa-f]{2})/)) {
    bytes.push(/^%[0-9A-Fa-f]{2}$/.test(piece) ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece))
  }
  return Buffer.concat(bytes).toString('utf8')
}

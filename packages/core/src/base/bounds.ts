import type { AttributeValue } from '@opentelemetry/api'

/** Whether a number may stand on a span: one that 64-bit integers and JSON cannot hold costs the whole export. */
export function isBounded(value: number): boolean {
  return Math.abs(value) <= 2 ** 53
}

/** Whether something is a count, of which some may be added. Brokers and producers write other things in its place. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 2 ** 51
}

/** Only a text with one of these needs a second look: what is unusual, and what stands before credentials in a URL. */
const SUSPECT = /[^ -"$%'->A-~\u00a0-\ud7ff\ue000-\ufffd]/
/** A usual text has none of these: control characters, and halves of characters. */
const UNUSUAL = /[^ -~\u00a0-\ud7ff\ue000-\ufffd]/

/**
 * A foreign name or id as it may be shown: on one line, without control characters and credentials, at most `most`
 * characters. A usual one comes back as it is. Empty where nothing is left.
 */
export function boundedName(text: string, most = 256): string {
  if (text.length <= most && (!SUSPECT.test(text) || (!UNUSUAL.test(text) && !mayHoldCredentials(text)))) return text
  return boundedText(withoutCredentials(start(text)), most)?.replace(/[\t\n\r]/g, ' ') ?? ''
}

/** The same for a text of several lines whose credentials are gone, that every broker takes as a header. */
export function boundedText(text: string, most = 256): string | undefined {
  return fit(text, most, '…')
}

/** The same for a stack: up to 4,096 characters. */
export function boundedStack(text: string): string | undefined {
  return fit(text, 4096, '\n… (cut)')
}

/** @param mark what stands at the end of a text that was cut */
function fit(text: string, most: number, mark: string): string | undefined {
  const cut = text.length > most ? text.slice(0, most - mark.length) : text
  const whole = cut === text ? text : cut.replace(/[\uD800-\uDBFF]$/, '') + mark
  return whole.replace(/(?![\t\n\r])[\p{Cc}\p{Cn}\p{Cs}]/gu, ' ').trim() || undefined
}

/** The value of an attribute as it may stand on a span; `undefined`: it may not. */
export function boundedValue(value: AttributeValue | undefined): AttributeValue | undefined {
  if (typeof value === 'string') return boundedName(value) || undefined
  if (typeof value === 'number') return isBounded(value) ? value : undefined
  if (!Array.isArray(value)) return value
  return (value as AttributeValue[]).slice(0, 128).map((one) => boundedValue(one)) as AttributeValue
}

/** The work on one text is bounded: nothing of what stands behind so many characters is shown. */
export function start(text: string): string {
  return text.length > 16_384 ? text.slice(0, 16_384) : text
}

const SECRET = /pass|pwd|secret|token|key|sig|auth|credential/i

/** The URL of a queue has none, and stands on every span. */
function mayHoldCredentials(text: string): boolean {
  return text.includes('://') && /[@?&#]/.test(text)
}

/**
 * Takes the credentials out of URLs: `scheme://user:password@host`, where a password may hold any character but a space,
 * and even an `@`; and the values of parameters whose names speak of secrets.
 */
export function withoutCredentials(text: string): string {
  if (!mayHoldCredentials(text)) return text
  return text.replace(/\S+/g, (word) => {
    // A URL without an address, as that of a file, has no credentials.
    const scheme = word.search(/:\/\/[^/]/)
    if (scheme === -1) return word
    const end = word.lastIndexOf('@')
    const url = end < scheme ? word : `${word.slice(0, scheme + 3)}***${word.slice(end)}`
    return url.replace(/([?&#])([^?&#=]*)=[^?&#]*/g, (pair, mark, name) =>
      SECRET.test(name) ? `${mark}${name}=***` : pair,
    )
  })
}

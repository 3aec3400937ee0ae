import type { TraceState } from '@opentelemetry/api'
import { trimBlanks } from './traceparent.ts'

/** A list longer than this is dropped whole. */
const MAX_MEMBERS = 32

/** Level 2 keys: a letter or digit first, `@` like any other character. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/

/** Printable ASCII without comma and equals sign, not ending in a blank. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

/**
 * Reads one or more `tracestate` headers, in order, by the grammar of Level 2.
 *
 * Empty members are dropped; one malformed member, or more than 32, drops the whole list, because a list read by half
 * says something nobody wrote. Of equal keys the first one wins. Never throws.
 *
 * @see https://www.w3.org/TR/trace-context-2/#tracestate-header
 */
export function parseTracestate(headers: readonly string[]): TraceState | undefined {
  const [first = ''] = headers
  // Most lists have one member.
  if (headers.length === 1 && !first.includes(',')) {
    const member = trimBlanks(first)
    return keyOf(member) === undefined ? undefined : new Members(member)
  }
  const members = new Map<string, string>()
  for (const header of headers) {
    for (const part of header.split(',')) {
      const member = trimBlanks(part)
      if (member === '') continue
      const key = keyOf(member)
      if (key === undefined) return undefined
      if (!members.has(key)) members.set(key, member)
      if (members.size > MAX_MEMBERS) return undefined
    }
  }
  return members.size === 0 ? undefined : new Members([...members.values()].join(','))
}

/** The key of a member; `undefined`: it is malformed. */
function keyOf(member: string): string | undefined {
  const equals = member.indexOf('=')
  const key = member.slice(0, Math.max(equals, 0))
  return KEY.test(key) && VALUE.test(member.slice(equals + 1)) ? key : undefined
}

/** A list of one member, whose key and value are known to be valid. */
export function traceStateOf(key: string, value: string): TraceState {
  return new Members(`${key}=${value}`)
}

/**
 * An immutable list. The API has one of its own, which knows the keys of Level 1 only. It is the text that goes on, because
 * most lists are never looked into.
 */
class Members implements TraceState {
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get(key: string): string | undefined {
    const { text } = this
    for (let at = 0; at < text.length;) {
      const equals = text.indexOf('=', at)
      const comma = text.indexOf(',', equals)
      const end = comma === -1 ? text.length : comma
      if (equals - at === key.length && text.startsWith(key, at)) return text.slice(equals + 1, end)
      at = end + 1
    }
    return undefined
  }

  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this
    return new Members([`${key}=${value}`, ...this.without(key)].slice(0, MAX_MEMBERS).join(','))
  }

  unset(key: string): TraceState {
    return new Members(this.without(key).join(','))
  }

  serialize(): string {
    return this.text
  }

  private without(key: string): string[] {
    return this.text.split(',').filter((member) => member !== '' && !member.startsWith(`${key}=`))
  }
}

import type { TraceState } from '@opentelemetry/api'
import { trimBlanks } from './traceparent.ts'

/** A list longer than this is dropped whole. */
const MAX_MEMBERS = 32

/** Level 2 keys: a letter or digit first, `@` like any other character. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/

/** Printable ASCII without comma and equals sign, not ending in a blank. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

type Member = readonly [key: string, value: string]

/**
 * Reads one or more `tracestate` headers, in order, by the grammar of Level 2.
 *
 * Empty members are dropped; one malformed member, or more than 32, drops the whole list, because a list read by half
 * says something nobody wrote. Of equal keys the first one wins. Never throws.
 *
 * @see https://www.w3.org/TR/trace-context-2/#tracestate-header
 */
export function parseTracestate(headers: readonly string[]): TraceState | undefined {
  const members = new Map<string, string>()
  for (const header of headers) {
    for (const part of header.split(',')) {
      const member = trimBlanks(part)
      if (member === '') continue
      const equals = member.indexOf('=')
      const key = member.slice(0, Math.max(equals, 0))
      const value = member.slice(equals + 1)
      if (!KEY.test(key) || !VALUE.test(value)) return undefined
      if (!members.has(key)) members.set(key, value)
      if (members.size > MAX_MEMBERS) return undefined
    }
  }
  return members.size === 0 ? undefined : traceState([...members])
}

/** A list of one member, whose key and value are known to be valid. */
export function traceStateOf(key: string, value: string): TraceState {
  return traceState([[key, value]])
}

/** An immutable list. The API has one of its own, which knows the keys of Level 1 only. */
function traceState(members: readonly Member[]): TraceState {
  const without = (key: string): Member[] => members.filter(([other]) => other !== key)
  return {
    get: (key) => members.find(([other]) => other === key)?.[1],
    set: (key, value) =>
      KEY.test(key) && VALUE.test(value)
        ? traceState([[key, value] as const, ...without(key)].slice(0, MAX_MEMBERS))
        : traceState(members),
    unset: (key) => traceState(without(key)),
    serialize: () => members.map(([key, value]) => `${key}=${value}`).join(','),
  }
}

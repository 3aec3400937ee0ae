/** A client's bag of headers: names, and values as the client has them. */
export type HeaderBag = Readonly<Record<string, unknown>>

/** Makes other headers of a message's. Never changes the bag that it is given. */
export type HeaderFault = (headers: HeaderBag) => HeaderBag

const TRACE_FIELDS = ['traceparent', 'tracestate', 'baggage', 'tracebaton']

/** Takes headers off, in any letter case, as a bridge does that does not know them. */
export function strip(fields: readonly string[] = TRACE_FIELDS): HeaderFault {
  const gone = namesIn(fields)
  return each((name, value) => (gone.has(name.toLowerCase()) ? [] : [[name, value]]))
}

/** Makes the value of a header something that nobody can read. */
export function corrupt(field = 'traceparent', value = '00-not-a-context-01'): HeaderFault {
  return change(field, (name, old) => [[name, withText(old, () => value)]])
}

/** Puts a second, different context beside the first one, under the same name in another letter case. */
export function duplicate(field = 'traceparent'): HeaderFault {
  return change(field, (name, old) => [
    [name, old],
    [otherCase(name), withText(old, (text) => text.replaceAll(/[0-9a-e]/g, otherDigit).replace(/^../, '00'))],
  ])
}

/** Writes the names of headers in upper case, as some brokers and bridges do. */
export function upperCase(fields: readonly string[] = TRACE_FIELDS): HeaderFault {
  const chosen = namesIn(fields)
  return each((name, value) => [[chosen.has(name.toLowerCase()) ? name.toUpperCase() : name, value]])
}

function namesIn(fields: readonly string[]): ReadonlySet<string> {
  return new Set(fields.map((field) => field.toLowerCase()))
}

type Change = (name: string, value: unknown) => [string, unknown][]

function each(to: Change): HeaderFault {
  return (headers) => Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => to(name, value)))
}

function change(field: string, to: Change): HeaderFault {
  return each((name, value) => (name.toLowerCase() === field ? to(name, value) : [[name, value]]))
}

/** The value in the form that it had: text, bytes, an attribute of SQS, or the first of several. */
function withText(value: unknown, to: (text: string) => string): unknown {
  if (typeof value === 'string') return to(value)
  if (value instanceof Uint8Array) return Buffer.from(to(Buffer.from(value).toString()))
  if (Array.isArray(value)) return value.map((item) => withText(item, to))
  if (typeof value === 'object' && value !== null && 'StringValue' in value) {
    return { ...value, StringValue: to(String(value.StringValue)) }
  }
  return value
}

function otherCase(name: string): string {
  return name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase()
}

function otherDigit(digit: string): string {
  return (15 - Number.parseInt(digit, 16)).toString(16)
}

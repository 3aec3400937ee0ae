import { decode, decodeAll, type HeaderGetter } from './carrier.ts'

/** The headers of one message: by lower-case name, in order, still undecoded. */
export interface Headers {
  readonly byName: ReadonlyMap<string, readonly unknown[]>
  /** The names as they were written: Jaeger's hold the names of baggage entries. */
  readonly spelled: readonly string[]
}

/**
 * One pass over the bag, in any letter case. May throw what the getter throws.
 *
 * @param wanted lower-case names to take; `undefined`: all
 */
export function readHeaders<Carrier>(
  carrier: Carrier,
  getter: HeaderGetter<Carrier>,
  wanted: ReadonlySet<string> | undefined,
): Headers | undefined {
  const spelled = getter.keys(carrier)
  let byName: Map<string, unknown[]> | undefined
  for (const key of spelled) {
    const name = wanted?.has(key) === true ? key : key.toLowerCase()
    if (wanted !== undefined && !wanted.has(name)) continue
    const value = getter.get(carrier, key)
    if (value === undefined || value === null) continue
    const values = byName?.get(name)
    if (values === undefined) (byName ??= new Map()).set(name, [value])
    else values.push(value)
  }
  return byName && { byName, spelled }
}

/** All values of a header, decoded. */
export function textsOf({ byName }: Headers, name: string): readonly string[] {
  const values = byName.get(name)
  return values === undefined ? [] : values.length === 1 ? decodeAll(values[0]) : values.flatMap(decodeAll)
}

/** The one value of a header; `undefined` where there is none or more than one, of which neither can be trusted. */
export function textOf(headers: Headers, name: string): string | undefined {
  const values = headers.byName.get(name)
  if (values === undefined) return undefined
  if (values.length === 1 && !Array.isArray(values[0])) return decode(values[0])
  const texts = textsOf(headers, name)
  return texts.length === 1 ? texts[0] : undefined
}

/** Lists may be continued in a second header, identities may not. */
export function isList(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'tracestate' || lower === 'baggage'
}

/** Headers as propagators of OpenTelemetry read them. */
export const headersGetter = {
  keys: ({ spelled }: Headers): string[] => [...spelled],
  get(headers: Headers, key: string): string | string[] | undefined {
    const name = key.toLowerCase()
    if (!isList(name)) return textOf(headers, name)
    const texts = textsOf(headers, name)
    return texts.length < 2 ? texts[0] : [...texts]
  },
}

/** How propagators of OpenTelemetry write. An empty value is no value: SQS refuses a message for it. */
export const fieldsSetter = {
  set(fields: Record<string, string>, key: string, value: unknown): void {
    if (typeof value === 'string' && value !== '') fields[key] = value
  },
}

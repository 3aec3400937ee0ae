/** Larger requests are read in parts of this size. Bytes. */
const SLICE = 4 * 1024 * 1024

/** The spans of one scope, as they stand in a request. */
interface Stretch {
  /** Which element of `resourceSpans`, and which of its `scopeSpans`. */
  readonly resource: number
  readonly scope: number
  /** Behind the bracket that opens the list, and at the one that closes it. */
  readonly start: number
  readonly end: number
  /** Where the list can be cut: at the commas, so that no part is much larger than it has to be. */
  readonly cuts: readonly number[]
}

/** A part of a request that is a request of its own, and how many bytes it took. */
export interface OtlpSlice {
  readonly value: unknown
  readonly bytes: number
}

/**
 * Cuts a request into several, of which each has some of the spans: what is parsed takes several times the memory of its
 * text. Gives `undefined` for one that is small, or that has no such parts; throws, while it is read, as `JSON.parse` does.
 */
export function slicesOf(request: Buffer): Iterable<OtlpSlice> | undefined {
  if (request.length <= SLICE) return undefined
  const stretches = stretchesOf(request)
  return stretches === undefined || stretches.length === 0 ? undefined : cut(request, stretches)
}

function* cut(request: Buffer, stretches: readonly Stretch[]): Generator<OtlpSlice, void, void> {
  const around = JSON.parse(textAround(request, stretches)) as Around
  for (const { resource, scope, start, end, cuts } of stretches) {
    const ofResource = around.resourceSpans[resource]
    const ofScope = ofResource?.scopeSpans[scope]
    let from = start
    for (const to of [...cuts, end]) {
      const spans: unknown = JSON.parse(`[${request.toString('utf8', from, to)}]`)
      const value = { resourceSpans: [{ ...ofResource, scopeSpans: [{ ...ofScope, spans }] }] }
      yield { value, bytes: to - from }
      from = to + 1
    }
  }
}

/** A request without its spans. */
interface Around {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly object[] }[]
}

function textAround(request: Buffer, stretches: readonly Stretch[]): string {
  let text = ''
  let from = 0
  for (const { start, end } of stretches) {
    text += request.toString('utf8', from, start)
    from = end
  }
  return text + request.toString('utf8', from)
}

const [quote, comma, colon, backslash] = [34, 44, 58, 92]
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125]

/** What leads to spans: an object, its list, and so on, by the key of each list. */
const PATH: readonly string[] = ['resourceSpans', 'scopeSpans', 'spans']

/** Finds the lists of spans without parsing anything. `undefined`: the brackets do not match. */
function stretchesOf(request: Buffer): Stretch[] | undefined {
  const found: Stretch[] = []
  /** How many of the brackets that are open lead to spans, and how many are open. */
  let onPath = 0
  let depth = 0
  /** Elements before the one at hand, in the list at each depth. */
  const elements = [0, 0, 0, 0, 0, 0, 0]
  let key = ''
  let keyFrom = 0
  let start = 0
  let lastCut = 0
  let cuts: number[] = []
  for (let index = 0; index < request.length; index += 1) {
    const byte = request[index]
    if (byte === quote) {
      keyFrom = index + 1
      index = endOfText(request, index)
    } else if (byte === colon) {
      if (onPath === depth) key = keyBefore(request, keyFrom, index)
    } else if (byte === openBrace || byte === openBracket) {
      const list = byte === openBracket
      // Objects are at even depths of the path, lists at odd ones.
      const leads = onPath === depth && list === (depth % 2 === 1) && (!list || key === PATH[(depth - 1) / 2])
      depth += 1
      if (!leads || depth > 6) continue
      onPath = depth
      elements[depth] = 0
      if (depth === 6) [start, lastCut, cuts] = [index + 1, index + 1, []]
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 6 && onPath === 6) {
        found.push({ resource: elements[2] ?? 0, scope: elements[4] ?? 0, start, end: index, cuts })
      }
      depth -= 1
      if (depth < 0) return undefined
      onPath = Math.min(onPath, depth)
    } else if (byte === comma && onPath === depth) {
      elements[depth] = (elements[depth] ?? 0) + 1
      if (depth === 6 && index - lastCut >= SLICE) {
        cuts.push(index)
        lastCut = index
      }
    }
  }
  return depth === 0 ? found : undefined
}

function endOfText(request: Buffer, start: number): number {
  for (let end = request.indexOf(quote, start + 1); end >= 0; end = request.indexOf(quote, end + 1)) {
    let escapes = 0
    while (request[end - 1 - escapes] === backslash) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return request.length
}

/** The key in front of a colon; keys that lead to spans need no escapes. */
function keyBefore(request: Buffer, from: number, colonAt: number): string {
  const end = request.indexOf(quote, from)
  return end < 0 || end > colonAt || end - from > 20 ? '' : request.toString('latin1', from, end)
}

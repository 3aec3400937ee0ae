const EXPECT = /\bexpect(?:\.soft)?\(/g
const MORE = /^\s*(?:!\s*)?\.\s*\w+\s*\(?/
/** What only spans say, and what others say too where it is read from something: `span.kind`, `({ status }) => …`. */
const OF_SPANS = new RegExp(
  [
    String.raw`\b(?:parentSpanId|parentSpanContext|droppedLinks|remoteParent|statusMessage|traceState|messageFacts)\b`,
    String.raw`\b(?:attemptSource|deliveryKind|contextStatus|queueAge|queueTime)\b`,
    String.raw`\b(?:links|attributes|startTime|endTime)\b`,
    String.raw`\.(?:kind|status|outcome|errorType)\b`,
    String.raw`\(\{[^}]*\b(?:kind|status|outcome|errorType)\b[^}]*\}\) =>`,
    String.raw`[{,]\s*(?:status|outcome|errorType)\s*:`,
    // What helpers that read spans are called.
    String.raw`\b(?:attemptOf|factsOf|linked|linksOf)\b`,
  ].join('|'),
)

/**
 * The lines on which `expect` compares what spans say: their parent, links, attributes, status, kind, or the facts of
 * their message. That is what the test kit is for, which says in words, and all at once, what is wrong with which hop of
 * which message. Only texts are looked at, and what is quoted does not count.
 */
export function handCompared(text) {
  const code = withoutTexts(text)
  return [...code.matchAll(EXPECT)]
    .filter(({ index, 0: call }) => OF_SPANS.test(code.slice(index, endOf(code, index + call.length))))
    .map(({ index }) => code.slice(0, index).split('\n').length)
}

/** Where an `expect(…).not.toBe(…)` ends that is open at a place. */
function endOf(code, from) {
  let at = closing(code, from)
  for (;;) {
    const more = MORE.exec(code.slice(at))?.[0]
    if (more === undefined) return at
    at = more.endsWith('(') ? closing(code, at + more.length) : at + more.length
  }
}

function closing(code, from) {
  let depth = 1
  let at = from
  for (; at < code.length && depth > 0; at++) {
    if ('([{'.includes(code[at])) depth += 1
    if (')]}'.includes(code[at])) depth -= 1
  }
  return at
}

/** The same code, as long as before, without what stands in quotes, in comments and between slashes. */
function withoutTexts(code) {
  const quoted =
    /\/\/.*|\/\*[^]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$\{[^}]*\}|[^`\\])*`|(?<=[(,=:[!&|?]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g
  return code.replaceAll(quoted, (found) => found.replaceAll(/[^\n]/g, ' '))
}

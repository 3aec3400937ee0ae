import type { SpanNode } from './graph.ts'

/** What a span answers to those below it. Undefined: ask the span above. */
export interface Answer<T> {
  readonly value: T
}

/**
 * Looks for the nearest answer on the way from a span to its root, the span itself included. Undefined: no span on the
 * way has one. Answers are kept for every span that was passed, so that asking all spans of a trace takes one walk
 * through it, however deep the trace is.
 */
export function nearest<T>(answerOf: (node: SpanNode) => Answer<T> | undefined): (node: SpanNode) => T | undefined {
  // Of most stories nobody asks, and such a map is dear to make and to collect.
  let known: WeakMap<SpanNode, Answer<T | undefined>> | undefined
  return (start) => {
    known ??= new WeakMap()
    const passed: SpanNode[] = []
    let found: Answer<T | undefined> | undefined
    for (let node: SpanNode | undefined = start; node && !found; node = node.parent) {
      found = known.get(node) ?? answerOf(node)
      passed.push(node)
    }
    found ??= { value: undefined }
    for (const node of passed) known.set(node, found)
    return found.value
  }
}

/** The same, of spans that have their answers in a map. */
export function nearestIn<T>(answers: ReadonlyMap<SpanNode, T>): (node: SpanNode) => T | undefined {
  return nearest((node) => {
    const value = answers.get(node)
    return value === undefined ? undefined : { value }
  })
}

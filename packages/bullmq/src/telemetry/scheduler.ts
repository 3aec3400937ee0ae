/**
 * Whether we are called because a worker adds the next iteration of a schedule. BullMQ traces that like a call of the
 * application's, and writes the context of the iteration before instead of this one, so its span would say nothing and
 * lead nowhere. The interface tells neither who calls nor what is added; the stack does. Where it cannot be read, because
 * names are minified or nobody wants stacks, there is that span.
 *
 * @param called our function that BullMQ has called
 */
export function isWorkersCall(called: (attributes: never) => void): boolean {
  const { stack } = stackAbove(called)
  return typeof stack === 'string' && /\bupsertJobScheduler\b[^]*\b(?:retryIfFailed|nextJobFromJobData)\b/.test(stack)
}

/** Our own frames would leave too little room: stacks have ten by default. */
function stackAbove(called: (attributes: never) => void): { readonly stack?: unknown } {
  const holder = {}
  Error.captureStackTrace(holder, called)
  return holder
}

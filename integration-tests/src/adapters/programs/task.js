import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { createRecorder } from '@tracebaton/testing'
import { createWorker, tellerOf } from './worker.js'

/** Those of `patched.js`, where that was loaded first: then what a module makes is traced by itself. */
const instrumentations = globalThis[Symbol.for('tracebaton.tests.instrumentations')]

/** What a program does with a client to have it traced; nothing, where its module is patched. */
export const unlessPatched = (trace) => (instrumentations === undefined ? trace : (client) => client)

/**
 * Does the task that was given on the command line and prints the spans of it, and what it received. Plain JavaScript: this runs as any
 * program of a user's runs, without a test runner around it.
 */
export async function perform({ send, handle }) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const recorder = createRecorder()
  const [, , address, text] = process.argv
  const task = JSON.parse(text)
  const spanProcessors = task.act === 'work' ? [recorder, tellerOf(recorder)] : [recorder]
  const options = { tracerProvider: new BasicTracerProvider({ spanProcessors }) }
  for (const one of instrumentations ?? []) one.setTracerProvider(options.tracerProvider)
  if (task.act === 'work') await handle(address, options, { ...task, count: Infinity }, createWorker(task))
  const received = []
  if (task.act === 'send') await send(address, options, task)
  else await handle(address, options, { count: 1, ...task }, handlerOf({ count: 1, ...task }, received))
  console.log(JSON.stringify({ spans: recorder.spans, received }))
}

class OrderError extends Error {
  name = 'OrderError'
}

const toTexts = ([name, value]) => [name, [value].flat().map(String)]

/**
 * A handler, and a promise that it has been called as often as the task says. The handler takes the adapter's publishing
 * helper, with its message, and what stands on the message.
 */
function handlerOf({ act, to, count, fail }, received) {
  let left = count
  let finish
  const finished = new Promise((resolve) => {
    finish = resolve
  })
  // The consumer is stopped once the last handler is done, and its message settled, not inside it.
  const stop = () => setImmediate(() => finish())
  const handler = (retryLater, body, headers = {}) => {
    received.push({ body, headers: Object.fromEntries(Object.entries(headers).map(toTexts)) })
    left -= 1
    if (act !== 'retry' && left === 0) stop()
    if (fail) throw new Error('This process has had enough')
    return act === 'retry' ? retryLater({ to, error: new OrderError('no stock') }).finally(stop) : undefined
  }
  return { handler, finished }
}

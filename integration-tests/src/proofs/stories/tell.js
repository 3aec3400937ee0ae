// Plays a story once with the packages of each of some folders, all at the same time, and prints what was recorded.
import { randomUUID } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { arrivalOf, createRecorder } from '@tracebaton/testing'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

const [, , address, ...stories] = process.argv
process.stdout.write(JSON.stringify(await Promise.all(stories.map(tell))))

async function tell(story) {
  const { play } = await import(pathToFileURL(story).href)
  const recorder = createRecorder()
  const arrivals = []
  const run = `-${randomUUID().slice(0, 8)}`
  const [orders, dead] = [`orders${run}`, `dead${run}`]
  const optionsOf = (service) => ({
    tracerProvider: new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': service }),
      spanProcessors: [recorder],
    }),
  })
  /** The handlers of both queues, and a promise that the dead letter has been handled. */
  const work = (die) => {
    let calls = 0
    let finish
    const finished = new Promise((resolve) => {
      finish = resolve
    })
    return {
      finished,
      async [orders](message) {
        arrivals.push(arrivalOf(message, orders))
        calls += 1
        const error = new Error('no stock')
        if (calls === 1) throw error
        await die(message, error)
      },
      async [dead](message) {
        arrivals.push(arrivalOf(message, dead))
        // Clients are closed once the message has been settled, not inside its handler.
        setImmediate(() => finish())
      },
    }
  }
  await play({ address, run, recorder, arrivals, orders, dead, optionsOf, work })
  const { spans, open } = recorder
  return JSON.parse(JSON.stringify({ spans, open, arrivals }).replaceAll(run, ''))
}

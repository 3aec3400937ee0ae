import { bullmqTelemetry, deadLetter, traceHandler, traceQueue } from '@tracebaton/bullmq'
import { Queue, Worker } from 'bullmq'

/** A job that fails once, dies, and is handled as a dead letter. */
export async function play({ address, orders, dead, optionsOf, work }) {
  const { hostname: host, port } = new URL(address)
  const connection = { host, port: Number(port) }
  const queueOf = (name, options) =>
    traceQueue(new Queue(name, { connection, telemetry: bullmqTelemetry(options) }), options)
  const billing = optionsOf('billing')
  const [queue, letters] = [queueOf(orders, optionsOf('shop')), queueOf(dead, billing)]
  await queue.add('order', {}, { attempts: 2 })
  const handlers = work((job, error) => deadLetter(letters, job, { to: letters.name, error }))
  const workers = [orders, dead].map((name) => {
    const handle = traceHandler(async (job) => {
      await handlers[name](job)
    })
    return new Worker(name, handle, { connection, telemetry: bullmqTelemetry(billing) })
  })
  await handlers.finished
  for (const client of [...workers, queue, letters]) await client.close()
}

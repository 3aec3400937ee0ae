import type { Headers, Exchange } from './exchange.ts'

/** Through a queue of its own: the job is written to Redis, and read back from there. */
export async function exchangeOverBullmq(exchange: Exchange): Promise<Headers> {
  const { load, address, client, fields, name, stopped } = exchange
  if (client !== undefined) throw new TypeError('BullMQ takes an address: its clients are made for one queue')
  const { Queue } = load('bullmq') as typeof import('bullmq')
  const url = address.includes('://') ? address : `redis://${address}`
  // Give up instead of trying for ever.
  const queue = new Queue(name, { connection: { url, maxRetriesPerRequest: 2 } })
  // Without a listener an unreachable Redis would end the process; the call that fails says it.
  queue.on('error', () => {})
  try {
    const metadata = JSON.stringify(fields ?? {})
    const { id = '' } = await Promise.race([queue.add('doctor', {}, { telemetry: { metadata } }), stopped])
    const job = await Promise.race([queue.getJob(id), stopped])
    const arrived = job?.opts.telemetry?.metadata
    return typeof arrived === 'string' ? (JSON.parse(arrived) as Headers) : {}
  } finally {
    // A queue that never reached Redis waits for it for ever.
    await Promise.allSettled([Promise.race([queue.obliterate({ force: true }), stopped])])
    await Promise.allSettled([queue.close()])
  }
}

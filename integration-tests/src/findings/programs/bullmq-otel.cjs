const { begin, ours, play } = require('./play.cjs')

begin()
const { Queue, Worker } = require('bullmq')
const { BullMQOtel } = require('bullmq-otel')
const { bullmqTelemetry, deadLetter, traceHandler, traceQueue } = require('@tracebaton/bullmq')

void play(async (address) => {
  const { hostname: host, port } = new URL(address)
  const connection = { host, port: Number(port), maxRetriesPerRequest: null }
  const telemetry = ours ? bullmqTelemetry() : new BullMQOtel('app')
  const queues = new Map()
  const workers = []
  const queueOf = (name) => {
    if (!queues.has(name)) {
      const bare = new Queue(name, { connection, telemetry })
      queues.set(name, ours ? traceQueue(bare) : bare)
    }
    return queues.get(name)
  }
  const work = (name, handler) => {
    workers.push(new Worker(name, ours ? traceHandler(handler) : handler, { connection, telemetry }))
  }
  return {
    async create(names) {
      for (const name of Object.values(names)) await queueOf(name).waitUntilReady()
    },
    send: (queue, body) => queueOf(queue).add('job', { body }, { attempts: 3, backoff: 10 }),
    sendBatch: (queue, bodies) => queueOf(queue).addBulk(bodies.map((body) => ({ name: 'job', data: { body } }))),
    // As applications do it: another job with the same data. Ours has a helper.
    bury: (job, dead) =>
      ours
        ? deadLetter(queueOf(dead), job, { to: dead, error: new Error('poison') })
        : queueOf(dead).add('job', job.data),
    pass: (job, queue) => queueOf(queue).add('job', job.data),
    async consume(queue, handler) {
      work(queue, handler)
    },
    consumeBatch: (queue, count, handler) =>
      new Promise((resolve) => {
        let seen = 0
        work(queue, async (job) => {
          handler([job])
          seen += 1
          if (seen === count) setImmediate(resolve)
        })
      }),
    async close() {
      for (const client of [...workers, ...queues.values()]) await client.close()
    },
  }
})

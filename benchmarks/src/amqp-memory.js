// What a RabbitMQ consumer keeps of messages that are never settled: a million deliveries on a channel that goes nowhere,
// one of twenty never acknowledged. Fails when the heap has grown by 20 MB or a span is open after the end of the channel.
import { traceChannel } from '@tracebaton/amqp'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { context } from '@opentelemetry/api'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHollow } from './amqp-hollow.js'

const DELIVERIES = 1_000_000
/** One of so many is never settled. */
const FORGOTTEN = 20
const MOST_GROWTH = 20 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const heap = () => {
  collect()
  return process.memoryUsage().heapUsed
}
const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`

const counts = { open: 0, most: 0, acked: 0, abandoned: 0 }
const counting = {
  onStart() {
    counts.open += 1
    counts.most = Math.max(counts.most, counts.open)
  },
  onEnd({ attributes }) {
    counts.open -= 1
    counts[attributes['tracebaton.delivery.outcome']] += 1
  },
  forceFlush: async () => {},
  shutdown: async () => {},
}
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

const hollow = createHollow()
const channel = traceChannel(hollow.channel, {
  tracerProvider: new BasicTracerProvider({ spanProcessors: [counting] }),
})
let delivered = 0
await channel.consume('orders', (message) => {
  delivered += 1
  if (delivered % FORGOTTEN !== 0) channel.ack(message)
})

const content = Buffer.from('order 1042')
const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
/** Lets timers and the like run, as a socket would. */
const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
const deliver = async (count) => {
  for (let index = 0; index < count; index++) {
    hollow.deliver('orders', headers, content)
    if (index % 1_000 === 0) await turn()
  }
}

// Warm: what is loaded and compiled is no growth.
await deliver(1_000)
channel.ackAll()
const before = heap()
const startedAt = performance.now()
await deliver(DELIVERIES - delivered)
const seconds = (performance.now() - startedAt) / 1000
const growth = heap() - before
const { open } = counts
hollow.lose()
await channel.close().catch(() => {})
const left = heap() - before

console.log(`${delivered} deliveries, one of ${FORGOTTEN} never settled (${(delivered / seconds).toFixed(0)} a second)`)
console.log(`heap: grown by ${megabytes(growth)} while the channel is open, by ${megabytes(left)} after it`)
console.log(`spans: ${counts.most} open at most, ${open} before the channel ended, ${counts.open} after it`)
console.log(`outcomes: ${counts.acked} acked, ${counts.abandoned} abandoned`)
if (growth > MOST_GROWTH || counts.open > 0 || delivered !== DELIVERIES) process.exitCode = 1

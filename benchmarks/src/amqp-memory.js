// What a RabbitMQ consumer keeps of messages that are never settled: a million deliveries on a channel that goes nowhere,
// one of twenty never acknowledged, some with headers of 200 KB. Fails if memory grows once as many spans are open as may
// be, or if a span is open after the end of the channel.
import { traceChannel } from '@tracebaton/amqp'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHollow } from './amqp/hollow.js'
import { turn } from './calls.js'

const DELIVERIES = 1_000_000
/** One of so many is never settled. */
const FORGOTTEN = 20
/** One of so many has headers of 200 KB: some of them are settled, some are not. */
const LARGE = 501
const LARGE_BYTES = 200 * 1024
/** After so many there are 5,000 open spans, and one more ends the oldest. */
const UNTIL_FULL = 150_000
const MOST_GROWTH = 2 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const heap = () => {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
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
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const large = Buffer.alloc(LARGE_BYTES, 'x')
const deliver = async (count) => {
  for (let index = 0; index < count; index++) {
    const headers = index % LARGE === 0 ? { traceparent, history: large.toString('latin1') } : { traceparent }
    hollow.deliverDecoded('orders', { messageId: `m-${index}`, headers }, content)
    if (index % 1_000 === 0) await turn()
  }
}

const empty = heap()
await deliver(UNTIL_FULL)
const before = heap()
const startedAt = performance.now()
await deliver(DELIVERIES - delivered)
const seconds = (performance.now() - startedAt) / 1000
const growth = heap() - before
const { open } = counts
hollow.lose()
await channel.close().catch(() => {})
const left = heap() - empty

console.log(
  `${delivered} deliveries, one of ${FORGOTTEN} never settled (${((delivered - UNTIL_FULL) / seconds).toFixed(0)} a second)`,
)
console.log(
  `memory: ${megabytes(before - empty)} of open spans, grown by ${megabytes(growth)} since, ${megabytes(left)} left after the channel`,
)
console.log(`spans: ${counts.most} open at most, ${open} before the channel ended, ${counts.open} after it`)
console.log(`outcomes: ${counts.acked} acked, ${counts.abandoned} abandoned`)
if (growth > MOST_GROWTH || counts.open > 0 || delivered !== DELIVERIES) process.exitCode = 1

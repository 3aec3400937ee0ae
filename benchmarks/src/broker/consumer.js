// A process that consumes from a real RabbitMQ what the same implementation has published, and tells what that took.
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib'
import { connect } from 'amqplib'
import { randomUUID } from 'node:crypto'
import { consumeByHand, publishByHand } from '../amqp/by-hand.js'
import { channels } from '../amqp/hollow.js'
import { loadBuild } from '../builds.js'
import { setUp } from '../modes.js'

const { address, name, messages } = JSON.parse(process.argv[2])
/** These come first and do not count. */
const WARM_UP = Math.round(messages / 4)
const PREFETCH = 200

setUp('sampled')
if (name === 'official') new AmqplibInstrumentation({ enabled: true }).patchChannelModel(channels)
const { traceChannel } = await loadBuild('amqp', name === 'before' ? 'before' : 'ours')
const trace = name === 'ours' || name === 'before' ? traceChannel : (channel) => channel

const connection = await connect(address)
const channel = trace(await connection.createConfirmChannel())
const producer = name === 'by hand' ? publishByHand(channel) : channel
const queue = `benchmark-${randomUUID()}`
await channel.assertQueue(queue, { exclusive: true })

const content = Buffer.from('order 1042')
for (let index = 0; index < messages + WARM_UP; index++) {
  producer.publish('', queue, content, { messageId: `m-${index}` })
  if (index % 1_000 === 0) await channel.waitForConfirms()
}
await channel.waitForConfirms()

await channel.prefetch(PREFETCH)
const handle = name === 'by hand' ? consumeByHand(channel) : (message) => channel.ack(message)
const { cpu, seconds } = await new Promise((resolve) => {
  let [count, cpuBefore, startedAt] = [0, undefined, 0]
  void channel.consume(queue, (message) => {
    handle(message)
    count += 1
    if (count === WARM_UP) {
      cpuBefore = process.cpuUsage()
      startedAt = performance.now()
    } else if (count === WARM_UP + messages) {
      const { user, system } = process.cpuUsage(cpuBefore)
      resolve({ cpu: user + system, seconds: (performance.now() - startedAt) / 1_000 })
    }
  })
})
await connection.close()
process.send({ cpu: cpu / messages, throughput: messages / seconds }, () => process.exit())

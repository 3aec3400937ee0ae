// A process that consumes all that stands in a queue of a real RabbitMQ, and tells what that took.
import { consumeByHand } from '../amqp/by-hand.js'
import { connectAs } from './client.js'

const { address, name, queue, messages, warmUp } = JSON.parse(process.argv[2])
const PREFETCH = 200

const { connection, channel } = await connectAs(name, address)
await channel.prefetch(PREFETCH)
const handle = name === 'by hand' ? consumeByHand(channel) : (message) => channel.ack(message)
const { cpu, seconds } = await new Promise((resolve) => {
  let [count, cpuBefore, startedAt] = [0, undefined, 0]
  void channel.consume(queue, (message) => {
    handle(message)
    count += 1
    if (count === warmUp) {
      cpuBefore = process.cpuUsage()
      startedAt = performance.now()
    } else if (count === messages) {
      const { user, system } = process.cpuUsage(cpuBefore)
      resolve({ cpu: user + system, seconds: (performance.now() - startedAt) / 1_000 })
    }
  })
})
await connection.close()
const measured = messages - warmUp
process.send({ cpu: cpu / measured, throughput: measured / seconds }, () => process.exit())

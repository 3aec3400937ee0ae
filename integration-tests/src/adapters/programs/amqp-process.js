import { retryLater, traceConnection, traceHandler } from '@tracebaton/amqp'
import { connect } from 'amqplib'
import { perform, unlessPatched } from './task.js'

const trace = unlessPatched(traceConnection)

await perform({
  async send(address, options, { destination, bodies }) {
    const connection = trace(await connect(address), options)
    const channel = await connection.createConfirmChannel()
    bodies.forEach((body, index) => channel.sendToQueue(destination, Buffer.from(body), { messageId: `m-${index}` }))
    await channel.waitForConfirms()
    await connection.close()
  },
  async handle(address, options, { destination }, { handler, finished }) {
    const connection = trace(await connect(address), options)
    const channel = await connection.createConfirmChannel()
    await channel.prefetch(1)
    const handle = traceHandler((message) =>
      handler((to) => retryLater(channel, message, to), message.content.toString(), message.properties.headers),
    )
    await channel.consume(destination, async (message) => {
      try {
        await handle(message)
        channel.ack(message)
      } catch {
        channel.nack(message)
      }
    })
    await finished
    await channel.close()
    await connection.close()
  },
})

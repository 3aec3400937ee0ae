import { randomUUID } from 'node:crypto'
import { deadLetter, traceConnection, traceHandler } from '@tracebaton/amqp'
import { connect } from 'amqplib'

/** A message that fails once, dies, and is handled as a dead letter. */
export async function play({ address, orders, dead, optionsOf, work }) {
  const [shop, billing] = await Promise.all(
    ['shop', 'billing'].map(async (service) => traceConnection(await connect(address), optionsOf(service))),
  )
  const [publisher, channel] = await Promise.all([shop.createConfirmChannel(), billing.createConfirmChannel()])
  for (const queue of [orders, dead]) await channel.assertQueue(queue, { autoDelete: true })
  publisher.sendToQueue(orders, Buffer.from('order'), { messageId: randomUUID() })
  const handlers = work((message, error) => deadLetter(channel, message, { to: dead, error }))
  for (const queue of [orders, dead]) {
    const handle = traceHandler(handlers[queue])
    await channel.consume(queue, async (message) => {
      try {
        await handle(message)
        channel.ack(message)
      } catch {
        channel.nack(message)
      }
    })
  }
  await handlers.finished
  await publisher.waitForConfirms()
  await Promise.all([shop, billing].map((connection) => connection.close()))
}

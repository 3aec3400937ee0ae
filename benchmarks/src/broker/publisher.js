// A process that publishes to a real RabbitMQ what a consumer of the same implementation is to be measured with.
import { publishByHand } from '../amqp/by-hand.js'
import { connectAs } from './client.js'

const { address, name, queue, messages } = JSON.parse(process.argv[2])
const { connection, channel } = await connectAs(name, address)
// Gone with its consumer.
await channel.assertQueue(queue, { autoDelete: true })

const producer = name === 'by hand' ? publishByHand(channel) : channel
const content = Buffer.from('order 1042')
for (let index = 0; index < messages; index++) {
  producer.publish('', queue, content, { messageId: `m-${index}` })
  if (index % 1_000 === 0) await channel.waitForConfirms()
}
await channel.waitForConfirms()
await connection.close()
process.send({}, () => process.exit())

import { traceConnection } from '@tracebaton/amqp'
import { connect } from 'amqplib'

// Acknowledges what was never delivered: the broker closes the channel, and nobody listens to its errors.
const [, , address, traced] = process.argv
const bare = await connect(address)
const connection = traced === 'true' ? traceConnection(bare) : bare
const channel = await connection.createChannel()
console.log('started')
channel.ack({ fields: { deliveryTag: 7 } })

import type { ChannelModel, ConsumeMessage } from 'amqplib'
import type { Headers, Exchange } from './exchange.ts'

/** Through a queue that the broker deletes with the channel. */
export async function exchangeOverRabbitmq(exchange: Exchange): Promise<Headers> {
  const { load, address, client, fields, name, stopped, within } = exchange
  const own =
    client === undefined ? await (load('amqplib') as typeof import('amqplib')).connect(urlOf(address)) : undefined
  const connection = own ?? (client as ChannelModel)
  try {
    const channel = await connection.createChannel()
    try {
      const { queue } = await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false })
      const arrived = new Promise<ConsumeMessage>((resolve) => {
        void channel.consume(queue, (message) => message && resolve(message), { noAck: true })
      })
      within(() => channel.sendToQueue(queue, Buffer.from('tracebaton doctor'), fields ? { headers: fields } : {}))
      return (await Promise.race([arrived, stopped])).properties.headers ?? {}
    } finally {
      await Promise.allSettled([channel.close()])
    }
  } finally {
    if (own) await Promise.allSettled([own.close()])
  }
}

function urlOf(address: string): string {
  return address.includes('://') ? address : `amqp://${address}`
}

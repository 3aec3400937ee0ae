import { sweepCarriers } from '../../core/test/carrier-sweep.ts'
import { traceConsumer, traceProducer } from '../src/index.ts'
import { createConsumer, createProducer, received } from './fake-kafka.ts'

sweepCarriers('kafkajs', {
  async process(carrier, handler, options) {
    const { consumer, deliver } = createConsumer()
    const traced = options === undefined ? consumer : traceConsumer(consumer, options)
    let given = ''
    await traced.run({
      eachMessage: async () => {
        given = handler()
      },
    })
    await deliver({ ...received(), headers: carrier as never })
    return given
  },
  async send(carrier, options) {
    const { producer, sent } = createProducer()
    const traced = options === undefined ? producer : traceProducer(producer, options)
    const given = await traced.send({ topic: 'orders', messages: [{ value: 'order', headers: carrier as never }] })
    return [given, sent.length, sent[0]?.messages[0]?.value]
  },
})

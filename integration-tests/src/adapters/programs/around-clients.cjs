// The four clients, as plain code uses them: the program that requires this has instrumented them. Each gives
// `{ send(queue, text), consume(queue, handler), close() }`; the queues are made before.
exports.CLIENTS = {
  async kafka(address, queues) {
    const { Kafka, logLevel } = require('kafkajs')
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
    const [admin, producer] = [kafka.admin(), kafka.producer()]
    await Promise.all([admin.connect(), producer.connect()])
    await admin.createTopics({ topics: queues.map((topic) => ({ topic })), waitForLeaders: true })
    const consumers = []
    return {
      send: (topic, value) => producer.send({ topic, messages: [{ value }] }),
      async consume(topic, handler) {
        const consumer = kafka.consumer({ groupId: `group-${topic}`, maxWaitTimeInMs: 200 })
        consumers.push(consumer)
        await consumer.connect()
        await consumer.subscribe({ topic, fromBeginning: true })
        await consumer.run({ eachMessage: ({ message }) => handler(String(message.value)) })
      },
      close: () => Promise.all([...consumers, producer, admin].map((one) => one.disconnect())),
    }
  },
  async amqp(address, queues) {
    const connection = await require('amqplib').connect(address)
    const channel = await connection.createConfirmChannel()
    for (const queue of queues) await channel.assertQueue(queue, { autoDelete: true })
    return {
      async send(queue, text) {
        channel.sendToQueue(queue, Buffer.from(text))
        await channel.waitForConfirms()
      },
      consume: (queue, handler) =>
        channel.consume(queue, async (message) => {
          await handler(message.content.toString())
          channel.ack(message)
        }),
      close: () => connection.close(),
    }
  },
  async sqs(endpoint, queues) {
    const aws = require('@aws-sdk/client-sqs')
    const { traceHandler } = require('@tracebaton/sqs')
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const sqs = new aws.SQSClient({ endpoint, region: 'eu-west-1', credentials })
    const urls = {}
    for (const queue of queues) {
      urls[queue] = (await sqs.send(new aws.CreateQueueCommand({ QueueName: queue }))).QueueUrl
    }
    const loops = []
    const closed = new AbortController()
    const poll = async (QueueUrl, handle) => {
      while (!closed.signal.aborted) {
        const { Messages = [] } = await sqs.send(new aws.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))
        for (const message of Messages) {
          await handle(message)
          await sqs.send(new aws.DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
        }
      }
    }
    return {
      send: (queue, MessageBody) => sqs.send(new aws.SendMessageCommand({ QueueUrl: urls[queue], MessageBody })),
      async consume(queue, handler) {
        const handle = traceHandler(({ Body }) => handler(Body))
        loops.push(poll(urls[queue], handle))
      },
      async close() {
        closed.abort()
        await Promise.all(loops)
        sqs.destroy()
      },
    }
  },
  async bullmq(address, queues) {
    const { Queue, Worker } = require('bullmq')
    const { hostname: host, port } = new URL(address)
    const connection = { host, port: Number(port) }
    const made = Object.fromEntries(queues.map((queue) => [queue, new Queue(queue, { connection })]))
    const workers = []
    return {
      send: (queue, text) => made[queue].add('order', text),
      async consume(queue, handler) {
        const worker = new Worker(queue, (job) => handler(job.data), { connection })
        workers.push(worker)
        await worker.waitUntilReady()
      },
      close: () => Promise.all([...workers, ...Object.values(made)].map((one) => one.close())),
    }
  },
}

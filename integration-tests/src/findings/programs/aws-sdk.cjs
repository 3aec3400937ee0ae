const { AwsInstrumentation } = require('@opentelemetry/instrumentation-aws-sdk')
const { begin, ours, play } = require('./play.cjs')

begin(AwsInstrumentation)
const {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} = require('@aws-sdk/client-sqs')
const { forEachMessage, traceSqs } = require('@tracebaton/sqs')

const oneByOne = async (messages, handler) => {
  for (const message of messages) await handler(message)
}

void play(async (endpoint) => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const bare = new SQSClient({ endpoint, region: 'eu-west-1', credentials })
  const [client, each] = ours ? [traceSqs(bare), forEachMessage] : [bare, oneByOne]
  const passing = process.argv[3] === 'pass'
  const urlOf = (queue) => `${endpoint}/000000000000/${queue}`
  const settle = (Command, queue, { ReceiptHandle }, more) =>
    client.send(new Command({ QueueUrl: urlOf(queue), ReceiptHandle, ...more }))
  const receive = async (queue) => {
    const names = passing ? { MessageAttributeNames: ['All'] } : {}
    const request = { QueueUrl: urlOf(queue), WaitTimeSeconds: 1, MaxNumberOfMessages: 10, ...names }
    const { Messages = [] } = await client.send(new ReceiveMessageCommand(request))
    return Messages
  }
  const state = { open: true }
  const loops = []
  return {
    async create({ poison, dead, ...queues }) {
      for (const QueueName of [dead, ...Object.values(queues)]) await client.send(new CreateQueueCommand({ QueueName }))
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: urlOf(dead), AttributeNames: ['QueueArn'] }),
      )
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 2 })
      await client.send(new CreateQueueCommand({ QueueName: poison, Attributes: { RedrivePolicy } }))
    },
    send: (queue, MessageBody) => client.send(new SendMessageCommand({ QueueUrl: urlOf(queue), MessageBody })),
    sendBatch: (queue, bodies) => {
      const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }))
      return client.send(new SendMessageBatchCommand({ QueueUrl: urlOf(queue), Entries }))
    },
    pass: ({ Body, MessageAttributes }, queue) =>
      client.send(new SendMessageCommand({ QueueUrl: urlOf(queue), MessageBody: Body, MessageAttributes })),
    async consume(queue, handler) {
      const loop = async () => {
        while (state.open) {
          await each(await receive(queue), async (message) => {
            try {
              await handler(message)
              await settle(DeleteMessageCommand, queue, message)
            } catch {
              await settle(ChangeMessageVisibilityCommand, queue, message, { VisibilityTimeout: 0 })
            }
          })
        }
      }
      loops.push(loop())
    },
    async consumeBatch(queue, count, handler) {
      for (let seen = 0; seen < count;) {
        const messages = await receive(queue)
        handler(messages)
        seen += messages.length
        await each(messages, (message) => settle(DeleteMessageCommand, queue, message))
      }
    },
    async close() {
      state.open = false
      await Promise.all(loops)
      client.destroy()
    },
  }
})

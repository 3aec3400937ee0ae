import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { retryLater, traceHandler, traceSqs } from '@tracebaton/sqs'
import { perform, unlessPatched } from './task.js'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const urlOf = (address, queue) => `${address}/000000000000/${queue}`
const trace = unlessPatched(traceSqs)
const clientOf = (endpoint, options) => trace(new SQSClient({ endpoint, region: 'eu-west-1', credentials }), options)

await perform({
  async send(address, options, { destination, bodies }) {
    const client = clientOf(address, options)
    for (const MessageBody of bodies) {
      await client.send(new SendMessageCommand({ QueueUrl: urlOf(address, destination), MessageBody }))
    }
    client.destroy()
  },
  async handle(address, options, { act, destination, count }, { handler }) {
    const QueueUrl = urlOf(address, destination)
    // What a worker had that was killed comes back soon.
    const visibility = act === 'work' ? { VisibilityTimeout: 2 } : {}
    const client = clientOf(address, options)
    const urlTo = ({ to, ...rest }) => ({ to: urlOf(address, to), ...rest })
    const handle = traceHandler((message) => {
      const attributes = Object.entries(message.MessageAttributes ?? {})
      const headers = Object.fromEntries(attributes.map(([name, { StringValue }]) => [name, StringValue]))
      return handler((to) => retryLater(client, message, urlTo(to)), message.Body, headers)
    }, options)
    for (let handled = 0; handled < count;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1, ...visibility }),
      )
      for (const message of Messages) {
        const receipt = { QueueUrl, ReceiptHandle: message.ReceiptHandle }
        try {
          await handle(message)
          await client.send(new DeleteMessageCommand(receipt))
        } catch {
          await client.send(new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: 0 }))
        }
        handled += 1
      }
    }
    client.destroy()
  },
})

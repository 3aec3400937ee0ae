import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { AwsInstrumentation } from '@opentelemetry/instrumentation-aws-sdk'
import { writtenBy } from '../incoming.js'
import { handleByHand, receiveByHand, sendByHand } from './by-hand.js'
import { BODY, createHollow, createRenewal, QUEUE, responseOf } from './hollow.js'

/** The official instrumentation patches the clients' base class: this one, of its own. */
const patched = { Client: class extends SQSClient {} }
let instrumentation
function official() {
  if (instrumentation === undefined) {
    instrumentation = new AwsInstrumentation({ enabled: true })
    instrumentation.patchV3SmithyClient(patched)
  }
  return createHollow(patched.Client)
}

const plain = {
  send: (client, command) => client.send(command),
  receive: (client, input) => client.send(new ReceiveMessageCommand(input)),
  handle: async (messages, work) => {
    for (const message of messages) await work(message)
  },
}
const byHand = { send: sendByHand, receive: receiveByHand, handle: handleByHand }
const ofOurs = (forEachMessage) => ({ ...plain, handle: forEachMessage })

function ways(over) {
  return {
    bare: () => over(createHollow(), plain),
    byHand: () => over(createHollow(), byHand),
    official: () => over(official(), plain),
    tracebaton: ({ traceSqs, forEachMessage }, options) => {
      const hollow = createHollow()
      traceSqs(hollow.client, options)
      return over(hollow, ofOurs(forEachMessage))
    },
  }
}

/** `SendMessage`. */
export function send() {
  return { messages: 1, ...ways(async ({ client }, way) => sending(client, way)) }
}

function sending(client, way) {
  return () => way.send(client, sendCommand())
}

/** `ReceiveMessage` of ten messages. */
export function receive() {
  return {
    messages: 10,
    ...ways(async (hollow, way) => {
      await deliver(hollow, way)
      return () => way.receive(hollow.client, receiveInput())
    }),
  }
}

/** `ReceiveMessage` of ten messages, each handled and deleted. */
export function consume() {
  return {
    messages: 10,
    ...ways(async (hollow, way) => {
      const { client } = hollow
      await deliver(hollow, way)
      const work = (message) => client.send(deleteCommand(message))
      return async () => {
        const { Messages } = await way.receive(client, receiveInput())
        await way.handle(Messages, work)
      }
    }),
  }
}

const sendCommand = () => new SendMessageCommand({ QueueUrl: QUEUE, MessageBody: BODY })
const receiveInput = () => ({ QueueUrl: QUEUE, MaxNumberOfMessages: 10 })
const deleteCommand = ({ ReceiptHandle }) => new DeleteMessageCommand({ QueueUrl: QUEUE, ReceiptHandle })

/** From now on the client receives what it wrote itself, as much of it as it asks for. */
async function deliver(hollow, way) {
  const { client } = hollow
  hollow.keep = true
  await way.receive(client, receiveInput())
  const attributes = await writtenBy(async () => {
    await way.send(client, sendCommand())
    return hollow.attributes
  })
  const next = await writtenBy(async () => responseOf(Array.from({ length: 10 }, attributes), hollow.asked))
  hollow.keep = false
  const renew = createRenewal()
  hollow.response = () => renew(next())
}

export const paths = {
  'sqs.send': () => send(),
  'sqs.receive10': () => receive(),
  'sqs.consume10': () => consume(),
}

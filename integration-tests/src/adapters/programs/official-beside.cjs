// One message through a client, with the official instrumentation of the client in the same process as ours:
//
//   node official-beside.cjs kafkajs|amqplib|aws-sdk "in place"|before|after address
//
// Prints the spans, the headers of the message as they arrived, and the warnings.
const { diag, DiagLogLevel } = require('@opentelemetry/api')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib')
const { AwsInstrumentation } = require('@opentelemetry/instrumentation-aws-sdk')
const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs')
const { getTracebatonInstrumentations, inPlaceOfOfficial } = require('@tracebaton/instrumentation')
const { createRecorder } = require('@tracebaton/testing')
const { start } = require('./sdk.cjs')

const [, , client, way, address] = process.argv
const warnings = []
const nothing = () => {}
const logger = { error: nothing, warn: (...args) => warnings.push(args.join(' ')), info: nothing, debug: nothing }
diag.setLogger({ ...logger, verbose: nothing }, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })

const recorder = createRecorder()
const tracerProvider = start(recorder)
const official = [new KafkaJsInstrumentation(), new AmqplibInstrumentation(), new AwsInstrumentation()]
const WAYS = {
  'in place': () => inPlaceOfOfficial([official]),
  before: () => [official, getTracebatonInstrumentations()],
  after: () => [getTracebatonInstrumentations(), official],
}
registerInstrumentations({ instrumentations: WAYS[way](), tracerProvider })

const name = `beside-${process.pid}-${Date.now()}`
const text = (value) => (Array.isArray(value) ? value.map(String) : String(value))

const CLIENTS = {
  async kafkajs() {
    const { Kafka, logLevel } = require('kafkajs')
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
    const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: name })]
    await Promise.all([admin, producer, consumer].map((one) => one.connect()))
    await admin.createTopics({ topics: [{ topic: name }], waitForLeaders: true })
    await producer.send({ topic: name, messages: [{ value: 'order 1042' }] })
    await consumer.subscribe({ topic: name, fromBeginning: true })
    const { headers } = await new Promise((resolve, reject) => {
      consumer.run({ eachMessage: async ({ message }) => resolve(message) }).catch(reject)
    })
    await Promise.all([admin, producer, consumer].map((one) => one.disconnect()))
    return headers
  },
  async amqplib() {
    const connection = await require('amqplib').connect(address)
    const channel = await connection.createConfirmChannel()
    const { queue } = await channel.assertQueue('', { exclusive: true })
    channel.sendToQueue(queue, Buffer.from('order 1042'))
    await channel.waitForConfirms()
    const { properties } = await new Promise((resolve, reject) => {
      const handle = (message) => {
        channel.ack(message)
        resolve(message)
      }
      channel.consume(queue, handle).catch(reject)
    })
    await channel.close()
    await connection.close()
    return properties.headers
  },
  async 'aws-sdk'() {
    const { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } = require('@aws-sdk/client-sqs')
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const sqs = new SQSClient({ endpoint: address, region: 'eu-west-1', credentials })
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'order 1042' }))
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, MessageAttributeNames: ['All'] }),
    )
    sqs.destroy()
    const attributes = Object.entries(Messages[0].MessageAttributes ?? {})
    return Object.fromEntries(attributes.map(([key, { StringValue }]) => [key, StringValue]))
  },
}

async function main() {
  const arrived = await CLIENTS[client]()
  const headers = Object.fromEntries(Object.entries(arrived).map(([key, value]) => [key, text(value)]))
  await recorder.until((spans) => spans.length > 0 && recorder.open.length === 0)
  console.log(JSON.stringify({ spans: recorder.spans, headers, warnings }))
}

void main()

// One message through amqplib with the official instrumentation, and us beside it. CommonJS, because that is what
// instrumentations patch. Prints the spans, the headers of the message, and what we warned of.
const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')
const { createRecorder } = require('@tracebaton/testing')

const recorder = createRecorder()
const provider = new NodeTracerProvider({ spanProcessors: [recorder] })
provider.register()
registerInstrumentations({ instrumentations: [new AmqplibInstrumentation()], tracerProvider: provider })

const { connect } = require('amqplib')
const { traceConnection } = require('@tracebaton/amqp')

async function main() {
  const [, , address] = process.argv
  const warnings = []
  const options = { onError: (error) => warnings.push(String(error)) }
  const connection = traceConnection(await connect(address), options)
  const channel = await connection.createConfirmChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  const properties = Object.freeze({ messageId: 'm-1', headers: Object.freeze({ region: 'north' }) })
  channel.sendToQueue(queue, Buffer.from('order 1042'), properties)
  await channel.waitForConfirms()
  const message = await new Promise((resolve) => {
    void channel.consume(queue, (one) => {
      channel.ack(one)
      resolve(one)
    })
  })
  await channel.close()
  await connection.close()
  console.log(JSON.stringify({ spans: recorder.spans, headers: message.properties.headers, warnings }))
}

void main()

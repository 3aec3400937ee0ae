// HTTP and gRPC around queues, all instrumented by OpenTelemetry's own, and the clients by ours:
//
//   node around.cjs kafka|amqp|sqs|bullmq child|link address
//
// An order comes by HTTP and goes into a queue. Its handler asks for the stock by HTTP and charges by gRPC, and sends an
// answer, for which the HTTP request waits. Prints the spans and the code that the caller got.
const events = require('node:events')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { GrpcInstrumentation } = require('@opentelemetry/instrumentation-grpc')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici')
const { getTracebatonInstrumentations } = require('@tracebaton/instrumentation')
const { createRecorder } = require('@tracebaton/testing')
const { start } = require('./sdk.cjs')

const [, , client, relation, address] = process.argv
const recorder = createRecorder()
const tracerProvider = start(recorder)
// An SQS client talks HTTP, too: its calls have spans of ours.
const toBroker = ({ hostname, host, port }) => address.endsWith(`${hostname ?? host}:${port}`)
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation({ ignoreOutgoingRequestHook: toBroker }),
    new UndiciInstrumentation(),
    new GrpcInstrumentation(),
    getTracebatonInstrumentations({ relation }),
  ],
  tracerProvider,
})

// After the instrumentations, as every application.
const http = require('node:http')
const grpc = require('@grpc/grpc-js')
const { CLIENTS } = require('./around-clients.cjs')

const json = { serialize: (value) => Buffer.from(JSON.stringify(value)), deserialize: JSON.parse }
const BILLING = {
  charge: {
    path: '/shop.Billing/Charge',
    requestStream: false,
    responseStream: false,
    requestSerialize: json.serialize,
    requestDeserialize: json.deserialize,
    responseSerialize: json.serialize,
    responseDeserialize: json.deserialize,
  },
}

async function listen(handler) {
  const server = http.createServer(handler)
  server.listen(0, '127.0.0.1')
  await events.once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

async function serveBilling() {
  const server = new grpc.Server()
  server.addService(BILLING, { charge: ({ request }, answer) => answer(null, { charged: request.order }) })
  const credentials = grpc.ServerCredentials.createInsecure()
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  const Billing = grpc.makeGenericClientConstructor(BILLING, 'Billing')
  const stub = new Billing(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  return {
    charge: (order) =>
      new Promise((resolve, reject) => {
        stub.charge({ order }, (error, answer) => (error ? reject(error) : resolve(answer)))
      }),
    close() {
      stub.close()
      server.forceShutdown()
    },
  }
}

async function main() {
  const [orders, answers] = ['orders', 'answers'].map((name) => `${name}-${process.pid}-${Date.now()}`)
  const broker = await CLIENTS[client](address, [orders, answers])
  const stock = await listen((_, response) => response.end('in stock'))
  const billing = await serveBilling()
  await broker.consume(orders, async (order) => {
    await (await fetch(`${stock.url}/stock`)).text()
    await billing.charge(order)
    await broker.send(answers, order)
  })
  const waiting = new Map()
  await broker.consume(answers, async (order) => waiting.get(order)?.())
  const shop = await listen(async (request, response) => {
    const order = request.url.slice(1)
    const answered = new Promise((resolve) => waiting.set(order, resolve))
    await broker.send(orders, order)
    await answered
    response.end()
  })
  const { status } = await fetch(`${shop.url}/1042`, { method: 'POST' })
  await broker.close()
  for (const server of [stock, billing, shop]) server.close()
  await recorder.until((spans) => spans.length > 0 && recorder.open.length === 0)
  console.log(JSON.stringify({ spans: recorder.spans, code: status, queues: { orders, answers } }))
}

void main()

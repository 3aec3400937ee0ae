// Plays five small stories on a broker with an official instrumentation, unchanged, or with our adapter in its place.
// CommonJS, because that is what the instrumentations patch. Spans go to the receiver that the environment names; what
// arrived goes to the parent process.
const { trace } = require('@opentelemetry/api')
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')
const { arrivalOf } = require('@tracebaton/testing')

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'app' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
provider.register()

/** Whether our adapter is to be used, and no instrumentation. */
const ours = process.env.TRACED_BY === 'tracebaton'
exports.ours = ours

const arrivals = []

/** Runs work in a span of the application, so that every message has a request that it belongs to. */
function request(work) {
  return trace.getTracer('app').startActiveSpan('POST /orders', async (span) => {
    try {
      return await work()
    } finally {
      span.end()
    }
  })
}

/** Handles so many messages of a queue, and notes what stood on each. */
async function handle(client, queue, count, work = async () => {}) {
  let calls = 0
  await new Promise((resolve, reject) => {
    client
      .consume(queue, async (message) => {
        arrivals.push(arrivalOf(message, queue))
        calls += 1
        try {
          await work(message, calls)
        } finally {
          // The consumer has to settle first.
          if (calls === count) setImmediate(resolve)
        }
      })
      .catch(reject)
  })
}

/** Begins before the client is loaded, because instrumentations patch what is loaded after them. */
exports.begin = (...kinds) => {
  // Those that patch do it as soon as they are made.
  const instrumentations = ours ? [] : kinds.map((Instrumentation) => new Instrumentation())
  registerInstrumentations({ instrumentations, tracerProvider: provider })
}

/** Hands one message on, with its headers where there are any, as somebody else's stage between ours does it. */
async function passOn(client, from, to) {
  await handle(client, from, 1, (message) => client.pass(message, to))
  await client.close()
  await provider.shutdown()
  process.exit()
}

/** The five stories. Each has queues of its own. */
exports.play = async (open) => {
  const client = await open(process.argv[2])
  if (process.argv[3] === 'pass') return passOn(client, ...process.argv.slice(4))
  const [one, retried, poison, dead, batch, first, second] = process.argv.slice(3)
  await client.create({ one, retried, poison, dead, batch, first, second })

  await request(() => client.send(one, 'order'))
  await handle(client, one, 1)

  await request(() => client.send(retried, 'order'))
  await handle(client, retried, 3, async (_, call) => {
    if (call < 3) throw new Error('no stock')
  })

  await request(() => client.send(poison, 'order'))
  await handle(client, poison, 2, async (message, call) => {
    if (call === 2 && client.bury !== undefined) return client.bury(message, dead)
    throw new Error('poison')
  })
  await handle(client, dead, 1)

  await request(() => client.sendBatch(batch, ['one', 'two', 'three']))
  await client.consumeBatch(batch, 3, (messages) =>
    arrivals.push(...messages.map((message) => arrivalOf(message, batch))),
  )

  await request(() => client.send(first, 'order'))
  await handle(client, first, 1, () => client.send(second, 'invoice'))
  await handle(client, second, 1)

  await client.close()
  await provider.shutdown()
  process.stdout.write(JSON.stringify(arrivals), () => process.exit())
}

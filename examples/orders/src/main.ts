import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { runOnAmqp } from './amqp.ts'
import { runOnBullmq } from './bullmq.ts'
import { runOnKafka } from './kafka.ts'
import { ORDERS } from './orders.ts'
import { draw, findFaults, save, tell } from './report.ts'
import { runOnSqs } from './sqs.ts'
import { startTelemetry } from './telemetry.ts'
import { startWatching } from './watch.ts'

const BROKERS = { sqs: runOnSqs, kafka: runOnKafka, amqp: runOnAmqp, bullmq: runOnBullmq }

/** The story takes about four seconds; after this many ms something is stuck. */
const PATIENCE = 30_000

/** Puts the story into the backends of `examples/backends`, and into any other that takes OTLP over HTTP. */
const SEND = 'OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 npm run demo'

const HELP = `Usage: npm run demo -- [options]

Three orders on their way from a shop to billing: one succeeds, one after retries, one becomes a dead letter.

  --broker NAME  ${Object.keys(BROKERS).join(', ')}; sqs by default, which is embedded. The others run in a container.
  --watch        show the orders live, on the page of tracebaton watch, until Ctrl-C
  --help         print this

${SEND} also sends spans and metrics to a backend:
examples/backends has one to start.
`

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'sqs' },
    watch: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const run = Object.entries(BROKERS).find(([name]) => name === values.broker)?.[1]
if (run === undefined) {
  console.error(`There is no broker "${values.broker}" here. Choose one of: ${Object.keys(BROKERS).join(', ')}.`)
  process.exit(1)
}

const watching = values.watch ? await startWatching() : undefined
if (watching) {
  console.log(`Watch the orders on ${watching.url}`)
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = watching.url
  // Whoever watches does not want to wait for an export.
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '200'
}

const patience = setTimeout(() => {
  console.error(`The orders have not come to an end after ${PATIENCE / 1000} s.`)
  process.exit(1)
}, PATIENCE)

console.log(`Selling ${ORDERS.length} orders over ${values.broker}. This takes about four seconds.\n`)
const telemetry = startTelemetry()
await run(telemetry)
await telemetry[Symbol.asyncDispose]()
clearTimeout(patience)

const stories = tell(ORDERS, telemetry.recorder.spans)
for (const { order, spans } of stories) console.log(`${draw(order, spans)}\n`)
console.log('How to read it: below a span are its children, ✗ failed, ⤷ links a span of another place or trace.')
console.log(`Pictures and spans are in ${relative(process.env['INIT_CWD'] ?? process.cwd(), await save(stories))}`)

const faults = findFaults(telemetry.recorder, stories)
for (const fault of faults) console.error(fault)
console.log('Judge them yourself: node packages/testing/dist/esm/cli/main.js check examples/orders/out/spans.jsonl')
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] === undefined) {
  console.log(`See them in Jaeger and Grafana (examples/backends): ${SEND}`)
}
if (faults.length === 0) console.log('Checked: every span is connected to its order, and every attempt is there.')
else process.exitCode = 1

if (watching) {
  console.log(`Still to be seen on ${watching.url}. Ctrl-C ends it.`)
  await watching.ended
}

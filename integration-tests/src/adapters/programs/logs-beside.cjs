// A line of pino and one of winston, with OpenTelemetry's own instrumentations of them and our fields beside. Prints the
// lines, and the spans after the word `spans`.
const { context, trace } = require('@opentelemetry/api')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino')
const { WinstonInstrumentation } = require('@opentelemetry/instrumentation-winston')
const { createRecorder } = require('@tracebaton/testing')
const { logFields } = require('@tracebaton/core')
const { start } = require('./sdk.cjs')

const recorder = createRecorder()
const tracerProvider = start(recorder)
registerInstrumentations({
  instrumentations: [new PinoInstrumentation(), new WinstonInstrumentation()],
  tracerProvider,
})

const { pino } = require('pino')
const { createLogger, format, transports } = require('winston')

const winston = createLogger({ format: format.json(), transports: [new transports.Console()] })
const span = trace.getTracer('application').startSpan('work')
context.with(trace.setSpan(context.active(), span), () => {
  for (const log of [pino(), winston]) log.info('theirs')
  console.log(JSON.stringify({ msg: 'ours', ...logFields() }))
})
span.end()
console.log(`spans ${JSON.stringify(recorder.spans)}`)

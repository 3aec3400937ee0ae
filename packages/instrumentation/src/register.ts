// The entry for `node --import` and `node --require`.
import { getTracebatonInstrumentations } from './all.ts'

const off = new Set((process.env['TRACEBATON_DISABLED_INSTRUMENTATIONS'] ?? '').split(',').map((name) => name.trim()))
const offOf = (name: string): false | undefined => (off.has(name) ? false : undefined)

// The official ones of the same clients would record everything twice. Their own set-up reads this when it is loaded.
const spared = ['amqplib', 'kafkajs'].filter((name) => !off.has(name))
// A child process inherits it, with ours in it.
const given = (process.env['OTEL_NODE_DISABLED_INSTRUMENTATIONS'] ?? '').split(',').map((name) => name.trim())
process.env['OTEL_NODE_DISABLED_INSTRUMENTATIONS'] = [...new Set([...given, ...spared])].filter(Boolean).join(',')

getTracebatonInstrumentations({
  amqplib: offOf('amqplib'),
  bullmq: offOf('bullmq') ?? { sandboxes: isInherited() },
  kafkajs: offOf('kafkajs'),
  sqs: offOf('sqs'),
})

/** Whether the arguments of Node name this file: then child processes and worker threads load it as well. */
function isInherited(): boolean {
  const args = [...process.execArgv, process.env['NODE_OPTIONS'] ?? '']
  return args.some((arg) => /@tracebaton\/instrumentation\/register\b/.test(arg))
}

// Compares what one message costs with the stored figures: calls into the API and the SDK, and bytes allocated.
// `--write` stores what is found. Names of adapters leave out the others.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MODES } from '../modes.js'
import { LARGE_HEAP, runProcess } from '../process.js'
import { compareBytes, compareCalls } from './judge.js'
import { callsText, readStored, writeStored } from './stored.js'

const PATHS = {
  kafka: ['kafka.send1', 'kafka.eachMessage', 'kafka.eachBatch'],
  amqp: ['amqp.publish', 'amqp.consume'],
  sqs: ['sqs.send', 'sqs.receive10', 'sqs.consume10'],
  bullmq: ['bullmq.add', 'bullmq.process'],
}
const BYTES_MODES = ['sampled', 'no SDK']
/** What is allocated depends on the engine: the stored bytes are those of this version of Node. */
const BYTES_NODE = 20
/**
 * Nothing is collected while what is allocated is counted. Nothing is optimized, because what the optimizer leaves out
 * differs from run to run; and no other thread takes part, so that the load of the machine decides nothing.
 */
const BYTES_FLAGS = ['--expose-gc', ...LARGE_HEAP, '--no-flush-bytecode', '--no-opt', '--single-threaded']
const REWRITE = 'node benchmarks/src/guard/main.js --write'

const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const adapters = positionals.length === 0 ? Object.keys(PATHS) : positionals
const unknown = adapters.find((adapter) => !(adapter in PATHS))
if (unknown !== undefined) throw new Error(`There is no adapter ${unknown}: ${Object.keys(PATHS).join(', ')}`)

const countsBytes = Number.parseInt(process.versions.node) === BYTES_NODE
const found = { calls: {}, bytes: {} }
await runAll([...orders()])
if (values.write) write()
else compare()
if (!countsBytes)
  console.log(`Bytes per message are not compared: Node ${process.versions.node} is not Node ${BYTES_NODE}.`)

/** The longest first. */
function* orders() {
  for (const task of countsBytes ? ['bytes', 'calls'] : ['calls']) {
    for (const adapter of adapters.toSorted((left, right) => PATHS[right].length - PATHS[left].length)) {
      for (const mode of task === 'bytes' ? BYTES_MODES : MODES) yield { task, adapter, mode, names: PATHS[adapter] }
    }
  }
}

async function runAll(waiting) {
  const work = async () => {
    for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
      const figures = await measureIn(order)
      for (const [name, figure] of Object.entries(figures)) {
        found[order.task][`${name}, ${order.mode}`] = order.task === 'calls' ? callsText(figure) : figure
      }
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
}

function measureIn(order) {
  const { task, adapter, mode } = order
  const flags = ['--no-warnings', ...(task === 'bytes' ? BYTES_FLAGS : [])]
  const worker = join(import.meta.dirname, 'worker.js')
  return runProcess(`${task} of ${adapter}, ${mode}`, worker, [JSON.stringify(order)], flags)
}

function write() {
  for (const [task, figures] of Object.entries(found)) {
    const all = { ...readStored(task), ...figures }
    writeStored(task, Object.fromEntries(keys().flatMap((key) => (key in all ? [[key, all[key]]] : []))))
  }
}

/** All paths and modes, in the order in which they are stored. */
function keys() {
  return Object.values(PATHS).flatMap((names) => names.flatMap((name) => MODES.map((mode) => `${name}, ${mode}`)))
}

function compare() {
  const calls = compareCalls(readStored('calls'), found.calls)
  const { more, less } = compareBytes(readStored('bytes'), found.bytes)
  print('Calls into the API and the SDK per message have changed:', calls)
  print('More bytes are allocated per message:', more)
  print('Fewer bytes are allocated per message, and the stored figures no longer guard them:', less)
  if (calls.length + more.length + less.length > 0) console.log(`If that is intended: ${REWRITE}`)
  if (calls.length + more.length > 0) process.exitCode = 1
}

function print(title, lines) {
  if (lines.length > 0) console.log([title, ...lines].join('\n'))
}

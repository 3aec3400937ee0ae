// Writes OTLP JSON lines as the Collector's file exporter does: a shop whose orders fail, are retried and die.
//   node packages/testing/bench/generate.js <file> [megabytes = 1000] [orders in flight = 200]
// The same arguments give the same bytes. Spans leave in batches, a line each, every service as a resource of its own.
import { closeSync, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom, hexId, linkTo, requestOf, spanWith } from './otlp-spans.js'

const BATCH = 200
const EPOCH_MS = Date.UTC(2026, 0, 15, 10)

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const [file, megabytes = '1000', inFlight = '200'] = process.argv.slice(2)
  if (file === undefined) throw new Error('Usage: generate.js <file> [megabytes] [orders in flight]')
  const { spans, bytes } = generate(file, Number(megabytes), Number(inFlight))
  console.log(`${file}: ${(bytes / 1e6).toFixed(0)} MB, ${spans} spans`)
}

/**
 * @param {string} file
 * @param {number} megabytes size, in 1 000 000 bytes
 * @param {number} inFlight orders whose spans are mixed with each other
 */
export function generate(file, megabytes, inFlight) {
  const random = createRandom(42)
  const output = openSync(file, 'w')
  const flying = []
  const total = { spans: 0, bytes: 0 }
  let orders = 0
  let batch = []
  const flush = () => {
    total.bytes += writeSync(output, `${JSON.stringify(requestOf(batch))}\n`)
    total.spans += batch.length
    batch = []
  }
  do {
    while (total.bytes < megabytes * 1e6 && flying.length < inFlight) flying.push(order(orders++, random))
    const index = Math.floor(random() * flying.length)
    const spans = flying[index]
    batch.push(spans.shift())
    if (spans.length === 0) {
      flying[index] = flying.at(-1)
      flying.pop()
    }
    if (batch.length === BATCH) flush()
  } while (flying.length > 0)
  if (batch.length > 0) flush()
  closeSync(output)
  return total
}

/** All spans of one order, by time: request, send, up to three attempts, and the dead letter where all of them fail. */
function order(number, random) {
  const id = (length) => hexId(random, length)
  const [trace, post, send] = [id(32), id(16), id(16)]
  const start = EPOCH_MS + number * 3
  const message = `m-${number}`
  const creation = linkTo('creation', trace, send)
  const spans = [
    span('shop', 'POST /orders', 2, trace, post, '', start, 12, {
      'http.request.method': 'POST',
      'url.path': '/orders',
    }),
    span('shop', 'send orders', 4, trace, send, post, start + 4, 3, facts('orders', 'send', message, number)),
  ]
  const failures = random() < 0.7 ? 0 : 1 + Math.floor(random() * 3)
  let before
  for (let attempt = 1; attempt <= Math.min(failures + 1, 3); attempt += 1) {
    const failed = attempt <= failures
    const own = id(16)
    const at = start + 20 + (attempt - 1) * 180
    const outcome = failed ? (attempt === 3 ? 'dead_lettered' : 'requeued') : 'acked'
    const attributes = { ...facts('orders', 'process', message, number), ...delivery(attempt, outcome) }
    const links = before === undefined ? [creation] : [linkTo('previous_attempt', trace, before), creation]
    spans.push(
      span(
        'billing',
        'process orders',
        5,
        trace,
        own,
        send,
        at,
        40,
        failed ? { ...attributes, 'error.type': 'TimeoutError' } : attributes,
        links,
      ),
      span('billing', 'POST /charge', 3, trace, id(16), own, at + 2, 30, {
        'server.address': 'pay.example',
        'http.response.status_code': failed ? 503 : 200,
      }),
    )
    before = own
  }
  if (failures === 3) {
    const attributes = {
      ...facts('orders-dead', 'process', message, number),
      ...delivery(1, 'acked'),
      'tracebaton.delivery.kind': 'dead_letter',
      'tracebaton.dead_letter.source': 'orders',
    }
    const links = [linkTo('previous_attempt', trace, before), creation]
    spans.push(span('mailer', 'process orders-dead', 5, id(32), id(16), '', start + 600, 9, attributes, links))
  }
  return spans
}

function facts(destination, operation, message, number) {
  return {
    'messaging.system.name': 'kafka',
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': destination,
    'messaging.message.id': message,
    'messaging.destination.partition.id': String(number % 12),
    'kafka.offset': number,
    ...(operation === 'process' ? { 'messaging.consumer.group.name': 'billing' } : {}),
  }
}

function delivery(attempt, outcome) {
  return {
    'tracebaton.delivery.attempt': attempt,
    'tracebaton.delivery.max_attempts': 3,
    'tracebaton.delivery.attempt_source': 'memory',
    'tracebaton.delivery.kind': attempt === 1 ? 'first' : 'delayed',
    'tracebaton.delivery.outcome': outcome,
    'tracebaton.queue.time': 0.012_5,
  }
}

function span(service, name, kind, trace, own, parent, at, duration, attributes, links = []) {
  return { service, span: spanWith({ name, kind, trace, own, parent, at, duration, attributes, links }) }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { expect, onTestFinished, test } from 'vitest'
import { createReceiver, type Receiver } from '../../src/recording/receiver.ts'
import { createRecorder } from '../../src/recording/recorder.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'

const named = (name: string) => (spans: readonly RecordedSpan[]) => spans.find((span) => span.name === name)

function tracerOf(exporter: SpanExporter) {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  onTestFinished(() => provider.shutdown())
  return provider.getTracer('orders', '1.2.3')
}

/** A request as a program in another language might write it by hand. */
const request = (spanId = 'b'.repeat(16), name = 'send orders') =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'elsewhere' } }] },
        scopeSpans: [{ spans: [{ traceId: 'a'.repeat(32), spanId, name, kind: 4, startTimeUnixNano: '1000000' }] }],
      },
    ],
  })

const post = (
  receiver: Receiver,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
  path = '/v1/traces',
) =>
  fetch(receiver.url + path, {
    method: 'POST',
    body: body as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': 'application/json', ...headers },
  })

test.each([
  ['JSON', (url: string) => new JsonExporter({ url })],
  ['JSON, packed', (url: string) => new JsonExporter({ url, compression: CompressionAlgorithm.GZIP })],
  ['protobuf', (url: string) => new ProtobufExporter({ url })],
  ['protobuf, packed', (url: string) => new ProtobufExporter({ url, compression: CompressionAlgorithm.GZIP })],
])('takes what the official exporter sends: %s', async (_, exporterTo) => {
  await using receiver = await createReceiver()
  const tracer = tracerOf(exporterTo(receiver.tracesUrl))
  const parent = tracer.startSpan('POST /orders')
  tracer
    .startSpan(
      'send orders',
      { attributes: { list: ['a'], whole: 7 }, links: [{ context: parent.spanContext() }] },
      trace.setSpan(ROOT_CONTEXT, parent),
    )
    .end()
  parent.end()
  const send = await receiver.until(named('send orders'))
  await receiver.until(named('POST /orders'))
  expect(send).toMatchObject({
    service: 'shop',
    scope: 'orders',
    scopeVersion: '1.2.3',
    parentSpanId: parent.spanContext().spanId,
    remoteParent: false,
    traceFlags: 1,
    attributes: { list: ['a'], whole: 7 },
    links: [{ spanId: parent.spanContext().spanId }],
  })
  expect(receiver.problems).toEqual([])
})

test('two receivers hear nothing of each other', async () => {
  await using one = await createReceiver()
  await using other = await createReceiver()
  expect(one.url).not.toBe(other.url)
  await post(one, request())
  expect([one.spans.length, other.spans.length]).toEqual([1, 0])
})

test('a program of its own needs nothing but the environment', async () => {
  await using receiver = await createReceiver()
  const program = fileURLToPath(new URL('../programs/sends-a-span.js', import.meta.url))
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...receiver.environment },
    stdio: 'inherit',
  })
  const [[code], span] = await Promise.all([once(child, 'exit'), receiver.until(named('from a child'))])
  expect(code).toBe(0)
  expect(span.service).toBe('child')
})

test('spans of this process and of others are waited for together', async () => {
  const recorder = createRecorder()
  await using receiver = await createReceiver({ recorder })
  const provider = new BasicTracerProvider({ spanProcessors: [recorder] })
  onTestFinished(() => provider.shutdown())
  provider.getTracer('t').startSpan('here').end()
  const both = receiver.until((spans) => named('here')(spans) && named('there')(spans))
  await post(receiver, request('b'.repeat(16), 'there'))
  expect(await both).toMatchObject({ name: 'there', service: 'elsewhere' })
  expect(recorder.spans).toHaveLength(2)
})

test('a request that is sent again counts once', async () => {
  await using receiver = await createReceiver()
  await post(receiver, request())
  await post(receiver, request())
  expect(receiver.spans).toHaveLength(1)
  receiver.recorder.clear()
  await post(receiver, request())
  expect(receiver.spans).toHaveLength(1)
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['identity', (text: string) => Buffer.from(text)],
])('unpacks %s', async (encoding, pack) => {
  await using receiver = await createReceiver()
  const { status } = await post(receiver, pack(request()), { 'content-encoding': encoding })
  expect([status, receiver.spans.length]).toEqual([200, 1])
})

test('metrics and logs are taken and dropped, so that no exporter complains', async () => {
  await using receiver = await createReceiver()
  for (const path of ['/v1/metrics', '/v1/logs']) {
    expect((await post(receiver, '{}', {}, path)).status).toBe(200)
  }
  expect([receiver.spans, receiver.problems]).toEqual([[], []])
})

test.each([
  ['not JSON', 'nonsense', {}, 400],
  ['no trace request', '{}', {}, 400],
  ['no protobuf', 'nonsense', { 'content-type': 'application/x-protobuf' }, 400],
  ['something that is not packed', 'nonsense', { 'content-encoding': 'gzip' }, 400],
  ['an unknown packing', request(), { 'content-encoding': 'zip' }, 400],
  ['an unknown content type', request(), { 'content-type': 'text/plain' }, 415],
  ['too much', request('b'.repeat(16), 'x'.repeat(2000)), {}, 413],
  [
    'too much once it is unpacked',
    gzipSync(request('b'.repeat(16), 'x'.repeat(2000))),
    { 'content-encoding': 'gzip' },
    413,
  ],
])('%s is refused, and said', async (_, body, headers, status) => {
  await using receiver = await createReceiver({ maxRequestBytes: 1000 })
  const response = await post(receiver, body, headers)
  expect(response.status).toBe(status)
  expect(receiver.problems).toHaveLength(1)
  expect(receiver.spans).toEqual([])
})

const large = Buffer.alloc(3_000_000, 'x')

test.each([
  ['too large', large, {}, 413],
  ['too large once it is unpacked', gzipSync(large), { 'content-encoding': 'gzip' }, 413],
  ['packed in no known way', large, { 'content-encoding': 'gzip' }, 400],
  ['packed and cut off', gzipSync(request()).subarray(0, 20), { 'content-encoding': 'gzip' }, 400],
])('a request that is %s is answered, and its connection serves the next one', async (_, body, headers, status) => {
  await using receiver = await createReceiver({ maxRequestBytes: 1000 })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const send = async (content: Uint8Array | string, more: Record<string, string>) => {
    const asked = httpRequest(receiver.tracesUrl, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
    }).end(content)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const port = response.socket.localPort
    await finished(response.resume())
    return { status: response.statusCode, port }
  }
  const first = await send(body, headers)
  expect(first.status).toBe(status)
  expect(await send(request(), {})).toEqual({ status: 200, port: first.port })
})

test('of many refused requests a bounded text is kept', async () => {
  await using receiver = await createReceiver()
  const headers = { 'content-type': `text/\u00a0${'x'.repeat(4000)}` }
  for (let count = 0; count < 110; count++) await (await post(receiver, request(), headers)).arrayBuffer()
  expect(receiver.problems).toHaveLength(101)
  expect(receiver.problems.every((problem) => problem.length <= 300)).toBe(true)
  expect(receiver.problems.at(-1)).toBe('There were more problems, which are not kept.')
})

test('other paths and other methods are refused', async () => {
  await using receiver = await createReceiver()
  expect((await fetch(receiver.tracesUrl)).status).toBe(405)
  expect((await post(receiver, request(), {}, '/v2/spans')).status).toBe(404)
  expect((await post(receiver, request(), {}, '/prefix/v1/traces?x=1')).status).toBe(200)
})

test('spans without valid ids are left out, and the exporter is told how many', async () => {
  await using receiver = await createReceiver()
  const response = await post(receiver, request('0'.repeat(16)))
  expect(await response.json()).toEqual({ partialSuccess: { rejectedSpans: '1', errorMessage: 'no valid ids' } })
  expect(receiver.problems).toEqual(['1 spans have no valid ids.'])
})

test('an exporter that speaks protobuf is answered in protobuf', async () => {
  await using receiver = await createReceiver()
  const protobuf = { 'content-type': 'application/x-protobuf' }
  // One resource, one scope, one span without ids.
  const invalid = await post(receiver, Buffer.from([0x0a, 4, 0x12, 2, 0x12, 0]), protobuf)
  expect(invalid.headers.get('content-type')).toBe('application/x-protobuf')
  expect([...Buffer.from(await invalid.arrayBuffer())].slice(0, 6)).toEqual([0x0a, 16, 0x08, 1, 0x12, 12])
  const refused = await post(receiver, Buffer.from([0x0a, 9]), protobuf)
  expect(Buffer.from(await refused.arrayBuffer()).toString()).toContain('cannot be read')
})

test('disposing it ends the waits on it and frees the port', async () => {
  const receiver = await createReceiver()
  const waiting = receiver.until(() => false, { timeout: 60_000 })
  await Promise.all([expect(waiting).rejects.toThrow('shut down'), receiver[Symbol.asyncDispose]()])
  await expect(fetch(receiver.url)).rejects.toThrow('fetch failed')
})

test('whoever sent the last spans hears that they arrived before the receiver is gone', async () => {
  const receiver = await createReceiver()
  const answer = post(receiver, request())
  await receiver.until(named('send orders'))
  await receiver[Symbol.asyncDispose]()
  expect((await answer).status).toBe(200)
})

test('a request that never ends does not keep the receiver', async () => {
  const receiver = await createReceiver()
  const endless = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([1])) })
  const sent = fetch(receiver.tracesUrl, {
    method: 'POST',
    body: endless,
    duplex: 'half',
    headers: { 'content-type': 'application/json' },
  })
  await Promise.all([
    expect(sent).rejects.toThrow('fetch failed'),
    post(receiver, request()).then(() => receiver[Symbol.asyncDispose]()),
  ])
})

test('a port that is taken is an error at once', async () => {
  await using receiver = await createReceiver()
  await expect(createReceiver({ port: Number(new URL(receiver.url).port) })).rejects.toThrow('EADDRINUSE')
})

test('an address for containers is reached from here as well', async () => {
  await using receiver = await createReceiver({ host: '0.0.0.0' })
  expect((await post(receiver, request())).status).toBe(200)
})

test('a receiver that is closed takes nothing more, and can be closed again', async () => {
  const receiver = await createReceiver()
  const waiting = receiver.until(() => false).catch(({ message }: Error) => message)
  await Promise.all([receiver.close(), receiver.close()])
  expect(await waiting).toContain('the recorder was shut down')
  await expect(post(receiver, request())).rejects.toThrow('fetch failed')
  await receiver[Symbol.asyncDispose]()
})

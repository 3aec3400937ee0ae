import {
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, SamplingDecision, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect as jestExpect } from 'expect'
import { expect, onTestFinished, test } from 'vitest'
import { assertJourney } from '../../src/assertions/journey.ts'
import { createRecorder } from '../../src/recording/recorder.ts'
import type { SdkSpan } from '../../src/spans/sdk-span.ts'
import { matchers } from '../../src/vitest.ts'

expect.extend(matchers)
jestExpect.extend(matchers)

const remote = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: TraceFlags.SAMPLED, isRemote: true }

function set(options?: { readonly limit?: number }) {
  const recorder = createRecorder(options)
  const processor: SpanProcessor = recorder
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [processor],
  })
  onTestFinished(() => provider.shutdown())
  const tracer = provider.getTracer('orders', '1.2.3')
  return { recorder, provider, tracer }
}

const old: SdkSpan = {
  name: 'old',
  kind: 3,
  spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }),
  parentSpanId: 'e'.repeat(16),
  startTime: [1, 0],
  endTime: [2, 0],
  ended: true,
  status: { code: 0 },
  attributes: {},
  links: [],
  events: [],
  resource: { attributes: {} },
  instrumentationLibrary: { name: 'older' },
}

function under(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span)
}

/** A send, and an attempt whose message is dead-lettered. */
function playDeadLetter(tracer: Tracer): void {
  const attributes = { 'messaging.system.name': 'kafka', 'messaging.destination.name': 'orders' }
  const send = tracer.startSpan('send orders', { kind: SpanKind.PRODUCER, attributes })
  const outcome = { 'tracebaton.delivery.outcome': 'dead_lettered' }
  tracer
    .startSpan('process orders', { kind: SpanKind.CONSUMER, attributes: { ...attributes, ...outcome } }, under(send))
    .end()
  send.end()
}

test('an ended span is recorded as plain data', () => {
  const { recorder, tracer } = set()
  const span = tracer.startSpan(
    'process orders',
    {
      kind: SpanKind.CONSUMER,
      startTime: [1_760_000_000, 250_500_000],
      attributes: { 'messaging.system.name': 'kafka' },
      links: [{ context: remote, attributes: { 'tracebaton.link.role': 'creation' } }],
    },
    trace.setSpanContext(ROOT_CONTEXT, remote),
  )
  span.addEvent('picked', { by: 'hand' }, [1_760_000_000, 300_000_000])
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' })
  span.end([1_760_000_001, 0])

  expect(structuredClone(recorder.spans)).toEqual([
    {
      name: 'process orders',
      kind: 'consumer',
      traceId: remote.traceId,
      spanId: span.spanContext().spanId,
      parentSpanId: remote.spanId,
      remoteParent: true,
      traceFlags: 1,
      startTime: 1_760_000_000_250.5,
      endTime: 1_760_000_001_000,
      attributes: { 'messaging.system.name': 'kafka' },
      links: [
        {
          traceId: remote.traceId,
          spanId: remote.spanId,
          role: 'creation',
          traceFlags: 1,
          remote: true,
          attributes: { 'tracebaton.link.role': 'creation' },
        },
      ],
      events: [{ name: 'picked', time: 1_760_000_000_300, attributes: { by: 'hand' } }],
      status: 'error',
      statusMessage: 'no stock',
      service: 'shop',
      resource: { 'service.name': 'shop' },
      scope: 'orders',
      scopeVersion: '1.2.3',
    },
  ])
})

test('a span is open from its start to its end, with what it says now', () => {
  const { recorder, tracer } = set()
  const span = tracer.startSpan('send orders')
  span.setAttribute('late', true)
  expect(recorder.open).toMatchObject([{ name: 'send orders', attributes: { late: true } }])
  expect(recorder.open[0]).not.toHaveProperty('endTime')
  expect(recorder.spans).toEqual([])
  span.end()
  expect(recorder.open).toEqual([])
  expect(recorder.spans).toHaveLength(1)
})

test('a local child says that its parent is not remote, and a root says nothing', () => {
  const { recorder, tracer } = set()
  const root = tracer.startSpan('root')
  tracer.startSpan('child', {}, under(root)).end()
  root.end()
  const [child, top] = recorder.spans
  expect(child).toMatchObject({ parentSpanId: root.spanContext().spanId, remoteParent: false })
  expect(top).not.toHaveProperty('parentSpanId')
  expect(top).not.toHaveProperty('remoteParent')
})

test('spans that are recorded but not sampled are there too', () => {
  const recorder = createRecorder()
  const sampler = { shouldSample: () => ({ decision: SamplingDecision.RECORD }), toString: () => 'record' }
  const provider = new BasicTracerProvider({ spanProcessors: [recorder], sampler })
  onTestFinished(() => provider.shutdown())
  provider.getTracer('t').startSpan('quiet').end()
  expect(recorder.spans).toMatchObject([{ name: 'quiet', traceFlags: 0 }])
})

test('a span that the recorder saw itself is not added once more', () => {
  const { recorder, tracer } = set()
  tracer.startSpan('one').end()
  recorder.add(structuredClone([...recorder.spans]))
  expect(recorder.spans).toHaveLength(1)
})

test('nor one that was added before it ended here', () => {
  const { recorder, tracer } = set()
  const span = tracer.startSpan('one')
  recorder.add(structuredClone([...recorder.open]))
  span.end()
  expect(recorder.spans).toHaveLength(1)
  expect(recorder.open).toEqual([])
})

test('a snapshot of the spans does not grow', () => {
  const { recorder, tracer } = set()
  tracer.startSpan('one').end()
  const before = recorder.spans
  tracer.startSpan('two').end()
  expect(before).toHaveLength(1)
  expect(recorder.spans).toHaveLength(2)
})

test('beyond the limit the oldest spans are dropped and counted', () => {
  const { recorder, tracer } = set({ limit: 2 })
  for (const name of ['one', 'two', 'three']) tracer.startSpan(name).end()
  for (const name of ['four', 'five', 'six']) tracer.startSpan(name)
  expect(recorder.spans.map((span) => span.name)).toEqual(['two', 'three'])
  expect(recorder.open.map((span) => span.name)).toEqual(['five', 'six'])
  expect(recorder.dropped).toBe(2)
  recorder.clear()
  expect([recorder.spans, recorder.open, recorder.dropped]).toEqual([[], [], 0])
})

test('until resolves with what the condition returned, as soon as a span makes it true', async () => {
  const { recorder, tracer } = set()
  const found = recorder.until((spans) => spans.find((span) => span.name === 'three'))
  for (const name of ['one', 'two', 'three', 'four']) tracer.startSpan(name).end()
  expect((await found).name).toBe('three')
})

test('until sees a state that lasts only between a start and an end', async () => {
  const { recorder, tracer } = set()
  const seen = recorder.until((_, open) => open.length === 2)
  const one = tracer.startSpan('one')
  tracer.startSpan('two').end()
  one.end()
  expect(await seen).toBe(true)
})

test('until resolves at once when the condition holds already', async () => {
  const { recorder, tracer } = set()
  tracer.startSpan('one').end()
  expect(await recorder.until((spans) => spans.length)).toBe(1)
})

test('until rejects with what was awaited and a picture of what there is', async () => {
  const { recorder, tracer } = set()
  tracer.startSpan('send orders').end()
  tracer.startSpan('process orders')
  const never = recorder.until(() => false, { timeout: 5, describe: 'the dead letter' })
  await expect(never).rejects.toThrow(/Waited for the dead letter: not reached within 5 ms.*● send orders.*◌ process/s)
})

test('a condition that throws does not hold yet, and is named in the end', async () => {
  const { recorder, tracer } = set()
  const named = recorder.until((spans) => spans.map((span) => span.name)[1]!.toUpperCase())
  const never = recorder.until(() => [undefined].some((nothing) => nothing!['x']), { timeout: 5 })
  tracer.startSpan('one').end()
  tracer.startSpan('two').end()
  expect(await named).toBe('TWO')
  await expect(never).rejects.toThrow('the condition last threw TypeError')
})

test('an assertion can be awaited, and the time-out says what is missing', async () => {
  const { recorder, tracer } = set()
  const attributes = { 'messaging.system.name': 'kafka', 'messaging.destination.name': 'orders' }
  const awaited = recorder.until((spans) => assertJourney(spans, ['send orders', 'process orders']))
  const never = recorder.until((spans) => assertJourney(spans, ['send orders', 'process orders', 'redrive']), {
    timeout: 50,
    describe: 'the redrive',
  })
  const send = tracer.startSpan('send orders', { kind: SpanKind.PRODUCER, attributes })
  tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, attributes }, under(send)).end()
  send.end()
  expect(await awaited).toMatchObject([{ message: 'a message to orders' }])
  await expect(never).rejects.toThrow(
    /^Step 3 is missing: redrive.*\n\nWaited for the redrive: not reached within 50 ms.\nRecorded so far:\n2 spans/s,
  )
})

test('the error of a wait is made where the wait was begun', async () => {
  const { recorder } = set()
  const begun = new Error('on the line before')
  const error = await recorder.until(() => false, { timeout: 1 }).catch((caught: Error) => caught)
  const [line, next] = [begun, error as Error].map(({ stack }) => Number(/^ {4}at .*:(\d+):\d+\)?$/m.exec(stack!)?.[1]))
  expect(next).toBe(line! + 1)
  expect((error as Error).stack).toMatch(/^Error: Waited for the condition: not reached within 1 ms/)
})

test('a wait ends early where the way of a message has parted from the steps', async () => {
  const { recorder, tracer } = set()
  const steps = ['send orders', 'process orders acked', 'process orders acked']
  const waiting = recorder.until((spans) => assertJourney(spans, steps), { timeout: 60_000 })
  playDeadLetter(tracer)
  const error = await waiting.catch((caught: Error) => caught)
  expect(error).toMatchObject({
    name: 'TraceAssertionError',
    message: expect.stringMatching(/^Step 2 is “process orders dead_lettered”, not “process orders acked”/),
    findings: [{ rule: 'journey', final: true }],
  })
  expect((error as Error).message).toMatch(/given up after \d+ ms, because no later span can mend it/)
})

test('a wait goes on while later spans can still come in between', async () => {
  const { recorder, tracer } = set()
  const attributes = { 'messaging.system.name': 'kafka', 'messaging.destination.name': 'orders' }
  const steps = ['send orders', 'process orders requeued', 'process orders acked']
  const waiting = recorder.until((spans) => assertJourney(spans, steps), { timeout: 60_000 })
  const send = tracer.startSpan('send orders', { kind: SpanKind.PRODUCER, attributes })
  const attempt = (number: number, outcome: string) => {
    const facts = { 'tracebaton.delivery.attempt': number, 'tracebaton.delivery.outcome': outcome }
    const unlinked = { ...attributes, ...facts, 'tracebaton.previous_attempt': 'unknown' }
    const startTime = Date.now() + number
    return tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, startTime, attributes: unlinked }, under(send))
  }
  send.end()
  const [first, second] = [attempt(1, 'requeued'), attempt(2, 'acked')]
  second.end()
  first.end()
  expect(await waiting).toHaveLength(1)
})

test('a step that is none ends a wait at once', async () => {
  const { recorder } = set()
  const waiting = recorder.until((spans) => assertJourney(spans, ['handle orders']), { timeout: 60_000 })
  await expect(waiting).rejects.toMatchObject({ code: 'TRACEBATON_STEP' })
})

// A rejection that nothing handles ends Jest, and fails the run of Vitest.
test.each([
  ['resolves', async () => false],
  ['rejects', () => Promise.reject(new Error('not yet'))],
])('a condition that returns a promise is refused where it was given, also if the promise %s', async (_, condition) => {
  const { recorder } = set()
  const error = await recorder.until(condition).catch((caught: Error) => caught)
  expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('answers at once') })
  expect((error as Error).stack).toMatch(/^TypeError: until.*\n +at .*recorder\.test/)
})

test('a condition that returned nothing is said to have', async () => {
  const { recorder } = set()
  const never = recorder.until(() => undefined, { timeout: 5 })
  await expect(never).rejects.toThrow('not reached within 5 ms; the condition last returned undefined.')
})

test.each([
  ['Vitest', expect],
  ['Jest', jestExpect as unknown as typeof expect],
])('a matcher of %s in a condition counts like the assertion that it is made of', async (_, expectOf) => {
  const { recorder, tracer } = set()
  const waiting = recorder.until(
    (spans) => {
      expectOf(spans).toHaveJourney(['send orders', 'process orders acked'])
      return true
    },
    { timeout: 60_000 },
  )
  playDeadLetter(tracer)
  await expect(waiting).rejects.toMatchObject({
    message: expect.stringMatching(/^Step 2 is “process orders dead_lettered”.*\n\nWaited for .* given up after/s),
    findings: [{ rule: 'journey', final: true }],
  })
})

test('a condition that makes spans itself is not asked about those', async () => {
  const { recorder, tracer } = set()
  let asked = 0
  const waiting = recorder.until(() => {
    asked += 1
    tracer.startSpan('by the condition').end()
    return asked >= 3
  })
  tracer.startSpan('one').end()
  await waiting
  expect(asked).toBe(3)
})

test('shutdown ends every wait', async () => {
  const { recorder, provider } = set()
  const waiting = recorder.until(() => false, { timeout: 60_000 })
  await Promise.all([expect(waiting).rejects.toThrow('the recorder was shut down'), provider.shutdown()])
})

test('a span that cannot be read never throws into the SDK', () => {
  const recorder = createRecorder()
  const broken: SdkSpan = {
    ...old,
    spanContext() {
      throw new Error('broken')
    },
  }
  expect(() => recorder.onStart(broken)).not.toThrow()
  expect(() => recorder.onEnd(broken)).not.toThrow()
})

test('a span of SDK 1 names its parent and its scope in the older fields', () => {
  const recorder = createRecorder()
  recorder.onEnd(old)
  expect(recorder.spans).toMatchObject([
    { kind: 'producer', parentSpanId: 'e'.repeat(16), scope: 'older', service: '' },
  ])
})

test('resource attributes that are still being detected are not waited for, and nothing complains', () => {
  const complaints: string[] = []
  const log = (message: string): unknown => complaints.push(message)
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, { suppressOverrideMessage: true })
  onTestFinished(() => diag.disable())
  const recorder = createRecorder()
  const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.id': new Promise<string>(() => {}) })
  const provider = new BasicTracerProvider({ resource, spanProcessors: [recorder] })
  provider.getTracer('t').startSpan('early').end()
  expect(recorder.spans).toMatchObject([{ service: 'shop', resource: { 'service.name': 'shop' } }])
  expect(recorder.spans[0]?.resource).not.toHaveProperty('host.id')
  expect(complaints).toEqual([])
})

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assertSpan, type RecordedSpan } from '@tracebaton/testing'
import { expect, inject, test } from 'vitest'
import { only } from '../src/contract/expectations.ts'

/** What the program prints. */
interface Printed {
  readonly spans: readonly RecordedSpan[]
  readonly headers: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

test('beside the official instrumentation a message has one context, that of the inner span; we say so, and nothing is wrong', async () => {
  const program = fileURLToPath(new URL('../src/adapters/programs/amqp-beside.cjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, inject('brokers').rabbitmq])
  const { spans, headers, warnings } = JSON.parse(stdout) as Printed
  const of = (scope: RegExp, kind: string): RecordedSpan =>
    only(spans.filter((span) => scope.test(span.scope ?? '') && span.kind === kind))
  const [ours, theirs] = [/tracebaton/, /instrumentation-amqplib/]

  expect(warnings).toEqual([expect.stringContaining('@opentelemetry/instrumentation-amqplib')])
  expect(Object.keys(headers).toSorted()).toEqual(['region', 'tracebaton', 'traceparent'])
  const [inner, outer] = [of(theirs, 'producer'), of(ours, 'producer')]
  expect(headers['traceparent']).toContain(`${inner.traceId}-${inner.spanId}`)
  assertSpan(inner, { parent: outer })
  const attempt = of(ours, 'consumer')
  // Our field was written for our own span, and is stale: nothing of it counts.
  assertSpan(attempt, {
    parent: inner,
    links: { creation: [inner], origin: [] },
    attributes: { 'tracebaton.delivery.attempt': 1, 'tracebaton.delivery.outcome': 'acked' },
  })
})

import { SpanKind } from '@opentelemetry/api'
import { beforeAll, expect, test } from 'vitest'
import { PEER_SERVICE } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import { delivery, publication, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const nothing = (): void => {}

/** What the spans of each kind say, of a send, a bulk send, a relay, a batch and an attempt. */
function peersBy(options: TracingOptions): Record<string, unknown[]> {
  const { tracing, spans } = createTraced(options)
  tracing.send(publication(), nothing)
  tracing.send(publication([{}, {}]), nothing)
  tracing.send(publication([{ carrier: { traceparent: TRACEPARENT } }]), nothing)
  tracing.processBatch([delivery()], nothing)
  tracing.process(delivery(), nothing)
  const said: Record<string, unknown[]> = {}
  for (const { kind, attributes } of spans) (said[SpanKind[kind]] ??= []).push(attributes[PEER_SERVICE])
  return said
}

test.each<[TracingOptions['peerService'], string | undefined]>([
  ['the broker', 'the broker'],
  [true, 'kafka'],
  ['', undefined],
  [undefined, undefined],
])('peerService %j names the other end on PRODUCER and CONSUMER spans alone', (peerService, name) => {
  expect(peersBy({ peerService })).toEqual({
    PRODUCER: [name, name, name],
    CLIENT: [undefined, undefined],
    CONSUMER: [name, name],
  })
})

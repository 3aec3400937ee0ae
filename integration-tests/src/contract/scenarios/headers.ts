import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { foreignContext } from '../expectations.ts'
import type { HeaderValue } from '../fixture.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Sends headers by hand, and a good message behind it: whatever the first says, the second must be handled. */
async function handled(stage: Stage, headers: Readonly<Record<string, HeaderValue>>) {
  const client = await stage.client()
  const destination = await stage.destination()
  const plain = await stage.plain()
  const good = foreignContext()
  await stage.send(plain, destination, 'this', headers)
  await stage.send(plain, destination, 'next', { traceparent: good.traceparent })
  const calls = await stage.handle(client, destination)
  let attempts = await calls.ended(2)
  // A broker may deliver the first one twice before it delivers the second.
  while (!attempts.some(({ body }) => body === 'next')) {
    // oxlint-disable-next-line no-await-in-loop
    attempts = await calls.ended(attempts.length + 1)
  }
  const next = attempts.find(({ body }) => body === 'next')
  assertSpan(next!.span, { parent: good })
  return attempts.find(({ body }) => body === 'this')!
}

/** Expects a message whose context cannot be used: handled all the same, in a trace of its own. */
async function expectUnusable(stage: Stage, headers: Readonly<Record<string, HeaderValue>>): Promise<void> {
  const { span } = await handled(stage, headers)
  assertSpan(span, { parent: 'none', links: [], attributes: { 'tracebaton.context.status': 'malformed' } })
}

const MALFORMED: Readonly<Record<string, string>> = {
  'text that is none': 'hello',
  'upper case': '00-AF7651916CD43DD8448EB211C80319C0-B7AD6B7169203331-01',
  'a trace id of zeros': `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  'a span id of zeros': `00-af7651916cd43dd8448eb211c80319c0-${'0'.repeat(16)}-01`,
  'too many fields': '00-af7651916cd43dd8448eb211c80319c0-b7ad6b7169203331-01-what',
  'a forbidden version': 'ff-af7651916cd43dd8448eb211c80319c0-b7ad6b7169203331-01',
}

/** What messages carry that our own producer did not write. */
export const headerScenarios: readonly Scenario[] = [
  {
    name: 'a message without headers is handled in a root span that says so',
    async run(stage) {
      const { span, baggage } = await handled(stage, {})
      assertSpan(span, { parent: 'none', links: [], attributes: { 'tracebaton.context.status': 'absent' } })
      expect(baggage).toEqual({})
    },
  },
  ...Object.entries(MALFORMED).map(([what, traceparent]): Scenario => ({
    name: `a malformed traceparent is no context, and stops nobody: ${what}`,
    run: (stage) => expectUnusable(stage, { traceparent }),
  })),
  {
    name: 'a traceparent in bytes is read like text',
    needs: ['binaryHeaders'],
    async run(stage) {
      const creation = foreignContext()
      const { span, baggage } = await handled(stage, {
        traceparent: bytes(creation.traceparent),
        baggage: bytes('customer=42'),
      })
      assertSpan(span, { parent: creation })
      expect(baggage).toEqual({ customer: '42' })
    },
  },
  {
    name: 'bytes that are no text are no context',
    needs: ['binaryHeaders'],
    run: (stage) => expectUnusable(stage, { traceparent: Uint8Array.of(0xff, 0x00, 0xfe) }),
  },
  {
    name: 'of two different contexts on a message neither is believed',
    needs: ['repeatedHeaders'],
    run: (stage) =>
      expectUnusable(stage, { traceparent: [foreignContext().traceparent, foreignContext().traceparent] }),
  },
  {
    name: 'a list that continues in a second header is read as a whole',
    needs: ['repeatedHeaders'],
    async run(stage) {
      const creation = foreignContext()
      const { span, baggage } = await handled(stage, {
        traceparent: creation.traceparent,
        tracestate: ['one=1', 'two=2'],
        baggage: ['customer=42', 'region=north'],
      })
      assertSpan(span, { parent: creation, traceState: 'one=1,two=2' })
      expect(baggage).toEqual({ customer: '42', region: 'north' })
    },
  },
  {
    name: 'a header is found in any letter case',
    needs: ['headerCase'],
    async run(stage) {
      const creation = foreignContext()
      const { span } = await handled(stage, { Traceparent: creation.traceparent })
      assertSpan(span, { parent: creation })
    },
  },
  {
    name: 'a tracestate with the keys of today travels on, and a malformed one costs only itself',
    async run(stage) {
      const [good, bad] = [foreignContext(), foreignContext()]
      const first = await handled(stage, { traceparent: good.traceparent, tracestate: '1key=a,tenant@system=b' })
      assertSpan(first.span, { parent: good, traceState: '1key=a,tenant@system=b' })
      const second = await handled(stage, { traceparent: bad.traceparent, tracestate: 'not a list' })
      assertSpan(second.span, { parent: bad, traceState: undefined })
    },
  },
  {
    name: 'a malformed history costs the history, never the context',
    async run(stage) {
      const creation = foreignContext()
      const { span } = await handled(stage, { traceparent: creation.traceparent, tracebaton: '1;a=none' })
      assertSpan(span, { parent: creation, attributes: { 'tracebaton.delivery.attempt': 1 } })
      expect(stage.failures.splice(0)).not.toEqual([])
    },
  },
  {
    name: 'a history written for another context is stale: its context is the origin, its numbers are nobody’s',
    async run(stage) {
      const [creation, origin, previous] = [foreignContext(), foreignContext(), foreignContext()]
      const ids = ({ traceparent }: typeof origin): string => traceparent.slice(3)
      const { span } = await handled(stage, {
        traceparent: creation.traceparent,
        tracebaton: `1;c=${ids(origin)};a=7;m=9;p=${ids(previous)};k=delayed;n=2`,
      })
      assertSpan(span, {
        parent: creation,
        links: { origin: [origin], previous_attempt: [], creation: [creation] },
        attributes: {
          'tracebaton.delivery.attempt': 1,
          'tracebaton.delivery.kind': 'first',
          'tracebaton.origin.trace_id': origin.traceId,
          'tracebaton.delivery.redrives': undefined,
        },
      })
    },
  },
]

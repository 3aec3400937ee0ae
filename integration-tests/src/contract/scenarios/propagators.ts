import type { TextMapPropagator } from '@opentelemetry/api'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { foreignContext, headerOf, only, operations } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'

interface Style {
  readonly name: string
  readonly propagator: TextMapPropagator
  /** Fields that a message carries for a context. */
  readonly write: (ids: { readonly traceId: string; readonly spanId: string }) => Readonly<Record<string, string>>
  readonly broken: Readonly<Record<string, string>>
}

const STYLES: readonly Style[] = [
  {
    name: 'B3 in one header',
    propagator: new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }),
    write: ({ traceId, spanId }) => ({ b3: `${traceId}-${spanId}-1` }),
    broken: { b3: 'none' },
  },
  {
    name: 'B3 in several headers',
    propagator: new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    write: ({ traceId, spanId }) => ({ 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-sampled': '1' }),
    broken: { 'x-b3-traceid': 'none', 'x-b3-spanid': 'none', 'x-b3-sampled': '1' },
  },
]

/** Propagators that are not the default one. */
export const propagatorScenarios: readonly Scenario[] = STYLES.flatMap(scenariosOf)

function scenariosOf({ name, propagator, write, broken }: Style): Scenario[] {
  return [
    {
      name: `${name}: a sent message carries these fields and no others, and its handler finds them`,
      needs: ['headersOnSend'],
      async run(stage) {
        const client = await stage.client({ propagator })
        const destination = await stage.destination()
        await stage.send(client, destination, 'one', write(foreignContext()))
        await stage.send(client, destination, 'two')
        const attempts = await (await stage.handle(client, destination)).ended(2)
        const attempt = only(attempts.filter(({ body }) => body === 'two'))
        const send = only(
          operations(stage.recorder.spans, 'send', destination).filter(({ links }) => links.length === 0),
        )
        for (const [field, value] of Object.entries(write(send))) expect(headerOf(attempt, field)).toEqual([value])
        expect(headerOf(attempt, 'traceparent')).toEqual([])
        assertSpan(attempt.span, { parent: send, links: { creation: [send] } })
      },
    },
    {
      name: `${name}: a context that cannot be read is none`,
      async run(stage) {
        const client = await stage.client({ propagator })
        const destination = await stage.destination()
        await stage.send(await stage.plain(), destination, 'one', broken)
        const calls = await stage.inSpan('start-up', () => stage.handle(client, destination))
        const [attempt] = await calls.ended(1)
        assertSpan(attempt!.span, {
          parent: 'none',
          links: [],
          attributes: { 'tracebaton.context.status': 'malformed' },
        })
      },
    },
  ]
}

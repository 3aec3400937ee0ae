import { baggageEntryMetadataFromString, propagation, ROOT_CONTEXT, trace, type BaggageEntry } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allowedBaggage, formatBaggage, parseBaggage } from '../../src/wire/baggage.ts'
import { createAdapterTracing, type AdapterTracing } from '../../src/tracing.ts'
import { anyText } from '../any-text.ts'
import { OK, spanContext } from '../sample.ts'
import { resetGlobals } from '../sdk.ts'

resetGlobals()

/** A member whose key is sound. */
const anyMember = fc
  .tuple(fc.constantFrom('tenant', '__proto__', 'a-1'), anyText(30))
  .map(([key, value]) => `${key}=${value}`)

/** Reads a header through a message, and writes what was read onto the next one. */
function passOn(baggage: unknown, tracing: AdapterTracing = createAdapterTracing()) {
  const { context } = tracing.extract({ traceparent: OK, baggage })
  const entries = Object.fromEntries(
    (propagation.getBaggage(context)?.getAllEntries() ?? []).map(([key, { value, metadata }]) => [
      key,
      metadata === undefined ? value : [value, metadata.toString()],
    ]),
  )
  const sent: { traceparent?: string; baggage?: string } = {}
  tracing.inject(context, sent)
  return { entries, sent }
}

const sixtyFour = Array.from({ length: 64 }, (_, index) => `k${index}=v${index}`)

describe('the built-in codec', () => {
  const rows: readonly (readonly [
    id: string,
    header: unknown,
    entries: Readonly<Record<string, string | [string, string]>>,
    sent: string | undefined,
  ])[] = [
    [
      'BG-01 properties',
      'SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal',
      { SomeKey: ['SomeValue', 'SomeProp'], SomeKey2: ['SomeValue2', 'ValueProp=PropVal'] },
      'SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal',
    ],
    [
      'BG-02 blanks around everything',
      ' SomeKey \t = \t SomeValue \t ; \t SomeProp \t , \t SomeKey2 = SomeValue2 ',
      { SomeKey: ['SomeValue', 'SomeProp'], SomeKey2: 'SomeValue2' },
      'SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2',
    ],
    ['BG-03 equals sign in the value', 'k=a=b', { k: 'a=b' }, 'k=a%3Db'],
    [
      'BG-04 escapes',
      'k=%09%20%22%2C%3B%5C%C3%A4%F0%9F%98%80',
      { k: '\t ",;\\ä😀' },
      'k=%09%20%22%2C%3B%5C%C3%A4%F0%9F%98%80',
    ],
    ['BG-05 escape in a property', 'k=v;prop%3Dx', { k: ['v', 'prop%3Dx'] }, 'k=v;prop%3Dx'],
    [
      'BG-06 64 members',
      sixtyFour.join(','),
      Object.fromEntries(sixtyFour.map((member) => member.split('='))) as Record<string, string>,
      sixtyFour.join(','),
    ],
    ['BG-07 8192 bytes in one member', `k=${'v'.repeat(8190)}`, { k: 'v'.repeat(8190) }, `k=${'v'.repeat(8190)}`],
    ['BG-08 empty value', 'a=', { a: '' }, 'a='],
    ['BG-09 no UTF-8', 'a=%FF', { a: '\uFFFD' }, 'a=%EF%BF%BD'],
    ['BG-10 a key twice', 'a=1,b=2,a=3', { a: '3', b: '2' }, 'a=3,b=2'],
    [
      'BG-11 every character of keys',
      "!#$%&'*+-.^_`|~09azAZ=1",
      { "!#$%&'*+-.^_`|~09azAZ": '1' },
      "!#$%&'*+-.^_`|~09azAZ=1",
    ],
    ['BG-12 several headers', ['a=1', 'b=2,c=3'], { a: '1', b: '2', c: '3' }, 'a=1,b=2,c=3'],
    ['BG-12 several headers in bytes', [Buffer.from('a=1'), Buffer.from('b=2')], { a: '1', b: '2' }, 'a=1,b=2'],
    [
      '65 members',
      [...sixtyFour, 'k64=v64'].join(','),
      Object.fromEntries(sixtyFour.map((member) => member.split('='))) as Record<string, string>,
      sixtyFour.join(','),
    ],
    ['8193 bytes', `a=1,k=${'v'.repeat(8192 - 6 + 1)}`, { a: '1' }, 'a=1'],
    [
      '8192 bytes in two members',
      `a=1,k=${'v'.repeat(8192 - 6)}`,
      { a: '1', k: 'v'.repeat(8186) },
      `a=1,k=${'v'.repeat(8186)}`,
    ],
    ['unreadable members', 'novalue,=v,b c=1,(x)=1,ok=1', { ok: '1' }, 'ok=1'],
    ['half an escape', 'a=50%,b=%zz', { a: '50%', b: '%zz' }, 'a=50%25,b=%25zz'],
    [
      'a key of every object',
      '__proto__=1,constructor=2',
      { ['__proto__']: '1', constructor: '2' },
      '__proto__=1,constructor=2',
    ],
    ['nothing', '', {}, undefined],
    ['a number', 7, {}, undefined],
  ]

  it.each(rows)('%s', (_, header, entries, sent) => {
    const passed = passOn(header)
    expect(Object.entries(passed.entries)).toEqual(Object.entries(entries))
    expect(passed.sent).toEqual(sent === undefined ? { traceparent: OK } : { traceparent: OK, baggage: sent })
  })

  it('reads any text without throwing, and what it writes of it says the same', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyText(40), anyMember)), (headers) => {
        const baggage = parseBaggage(headers)
        const again = baggage === undefined ? undefined : parseBaggage([formatBaggage(baggage)])
        const values = (of: typeof baggage) => of?.getAllEntries().map(([key, { value }]) => [key, value])
        expect(values(again)).toEqual(values(baggage))
      }),
      { numRuns: 200 },
    )
  })

  it('does not lose the trace context to an entry that cannot be written', () => {
    const { context } = createAdapterTracing().extract({ traceparent: OK })
    const unruly = [
      { value: 'half \uD83D of a character' },
      {
        value: 'v',
        metadata: {
          toString: () => {
            throw new Error('no metadata')
          },
        } as never,
      },
      { value: 5 as never },
    ]
    const sent = unruly.map((entry: BaggageEntry) => {
      const carrier: Record<string, string> = {}
      const baggage = propagation.createBaggage({ k: entry })
      createAdapterTracing({ onError: () => undefined }).inject(propagation.setBaggage(context, baggage), carrier)
      return carrier
    })
    expect(sent.map(({ traceparent }) => traceparent)).toEqual([OK, OK, OK])
    expect(sent[0]?.['baggage']).toBe('k=half%20%EF%BF%BD%20of%20a%20character')
  })

  it('writes no entry that could not be read again', () => {
    const baggage = propagation.createBaggage({ 'a b': { value: '1' }, ä: { value: '2' }, ok: { value: '3' } })
    expect(formatBaggage(baggage)).toBe('ok=3')
  })

  it('keeps the metadata an application gave', () => {
    const metadata = baggageEntryMetadataFromString('unit=ms')
    expect(formatBaggage(propagation.createBaggage({ a: { value: '1', metadata } }))).toBe('a=1;unit=ms')
  })

  it('takes baggage without a trace, and passes it on with the next one', () => {
    const { context, status } = createAdapterTracing().extract({ baggage: 'a=1' })
    expect(status).toBe('absent')
    const sent = {}
    createAdapterTracing().inject(trace.setSpanContext(context, spanContext('b')), sent)
    expect(sent).toEqual({ traceparent: `00-${'b'.repeat(32)}-${'b'.repeat(16)}-01`, baggage: 'a=1' })
    expect(propagation.getBaggage(ROOT_CONTEXT)).toBeUndefined()
  })
})

describe('the allow-list', () => {
  const baggage = propagation.createBaggage({ tenant: { value: 'a' }, secret: { value: 'b' } })

  it('keeps the named entries', () => {
    expect(allowedBaggage(baggage, ['tenant', 'absent'])?.getAllEntries()).toEqual([['tenant', { value: 'a' }]])
  })

  it('leaves no empty baggage behind', () => {
    expect(allowedBaggage(baggage, ['absent'])).toBeUndefined()
    expect(allowedBaggage(baggage, [])).toBeUndefined()
  })
})

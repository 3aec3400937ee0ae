import type { Link, SpanContext } from '@opentelemetry/api'
import {
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createCompositeSampler,
} from '@opentelemetry/sampler-composite'
import { ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base'
import { describe, expect, it } from 'vitest'
import { journeySampler, type JourneySamplerOptions, type Sampler } from '../src/sampler.ts'
import { parseTracestate } from '../src/wire/tracestate.ts'
import { createIds, decisionOn, randomnessOf, spanBy } from './sampled.ts'

const PAIRS = 100_000
const LARGEST = 50
const RATE = 0.1
/** Five times the standard deviation of a share of so many independent decisions. */
const ROOM = 5 * Math.sqrt((RATE * (1 - RATE)) / PAIRS)

const classic = (rate: number): Sampler => new TraceIdRatioBasedSampler(rate)
const composite = (rate: number): Sampler =>
  createCompositeSampler(createComposableParentThresholdSampler(createComposableProbabilitySampler(rate)))
const roots = [
  ['a classic', classic],
  ['a composite', composite],
] as const

/** What producers sent: a batch of n is one of these and the n - 1 before it. */
function sentBy(producer: Sampler): Link[] {
  const id = createIds(1)
  return Array.from({ length: PAIRS + LARGEST }, () => ({ context: spanBy(producer, id(32)) }))
}

/**
 * The spans that handle batches: which part of them is sampled, how many are decided as the newest message of their batch,
 * and which part of them is sampled and has a sampled message.
 */
function play(
  sent: readonly Link[],
  consumer: Sampler,
  batch: number,
): { rate: number; agreed: number; ofAny: number } {
  const id = createIds(batch)
  let [sampled, agreed, ofAny] = [0, 0, 0]
  for (let pair = 0; pair < PAIRS; pair++) {
    const end = LARGEST + pair
    const links = sent.slice(end - batch, end)
    const isSampled = decisionOn(consumer, id(32), links).decision === 2
    if (isSampled) sampled += 1
    if (isSampled === flagOf(links.at(-1))) agreed += 1
    if (isSampled && links.some(flagOf)) ofAny += 1
  }
  return { rate: sampled / PAIRS, agreed, ofAny: ofAny / PAIRS }
}

function flagOf(link: Link | undefined): boolean {
  return link?.context.traceFlags === 1
}

describe.each(roots)('with %s root sampler of ten per cent', (_, root) => {
  const sent = sentBy(root(RATE))

  describe.each(['same-dice', 'follow'] as const)('%s', (mode) => {
    it.each([1, 10, 50])(
      'agrees with the producer of the newest message in each of 100,000 batches of %i, and samples ten per cent',
      { timeout: 30_000 },
      (batch) => {
        const { rate, agreed } = play(sent, journeySampler(root(RATE), { mode }), batch)
        expect(agreed).toBe(PAIRS)
        expect(Math.abs(rate - RATE)).toBeLessThan(ROOM)
      },
    )
  })

  it.each([10, 50])(
    'any samples at most so many times the rate as its budget, of batches of %i',
    { timeout: 30_000 },
    (batch) => {
      for (const budget of [1, 3]) {
        const { rate, ofAny } = play(sent, journeySampler(root(RATE), { mode: 'any', budget }), batch)
        expect(rate).toBeLessThan(budget * (RATE + ROOM))
        expect(rate).toBeGreaterThan(1 - (1 - RATE) ** budget - budget * ROOM)
        expect(ofAny).toBe(rate)
      }
    },
  )

  it(
    'same-dice of a lower rate samples a part of what the producer sampled, and of a higher rate all of it',
    { timeout: 30_000 },
    () => {
      for (const [rate, agrees] of [
        [0.02, (ours: boolean, theirs: boolean) => theirs || !ours],
        [0.5, (ours: boolean, theirs: boolean) => ours || !theirs],
      ] as const) {
        const [consumer, id] = [journeySampler(root(rate)), createIds(7)]
        const ours = sent.map((link) => decisionOn(consumer, id(32), [link]).decision === 2)
        expect(sent.filter((link, index) => !agrees(ours[index]!, flagOf(link)))).toEqual([])
        const share = ours.filter(Boolean).length / sent.length
        expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / PAIRS))
      }
    },
  )

  it.each<[string, JourneySamplerOptions]>([
    ['same-dice', {}],
    ['follow', { mode: 'follow' }],
  ])('chains of four hops have one decision by %s, also below a sampler that is not ours', (_mode, options) => {
    const [first, next, id] = [
      new ParentBasedSampler({ root: root(RATE) }),
      journeySampler(root(RATE), options),
      createIds(4),
    ]
    const [torn, mixed]: SpanContext[][][] = [[], []]
    for (let journey = 0; journey < 5_000; journey++) {
      const chain: SpanContext[] = [spanBy(first, id(32))]
      const attributes = { 'tracebaton.journey.trace_id': chain[0]!.traceId }
      for (let hop = 0; hop < 4; hop++) chain.push(spanBy(next, id(32), [{ context: chain.at(-1)! }], attributes))
      if (new Set(chain.map(({ traceFlags }) => traceFlags)).size > 1) torn?.push(chain)
      if (new Set(chain.map(randomnessOf)).size > 1) mixed?.push(chain)
    }
    expect(torn).toEqual([])
    expect(mixed).toHaveLength(options.mode === undefined ? 0 : 5_000)
  })

  it(
    'chains have one decision from the second hop on where no message says in which trace its journey began',
    { timeout: 30_000 },
    () => {
      const [next, id] = [journeySampler(root(RATE)), createIds(5)]
      let sampled = 0
      for (let journey = 0; journey < 5_000; journey++) {
        const second = spanBy(next, id(32), [{ context: { ...spanBy(root(RATE), id(32)), traceId: id(32) } }])
        const third = spanBy(next, id(32), [{ context: second }])
        const fourth = spanBy(next, id(32), [{ context: third }])
        expect(third.traceFlags).toBe(fourth.traceFlags)
        sampled += fourth.traceFlags
      }
      expect(Math.abs(sampled / 5_000 - RATE)).toBeLessThan(0.03)
    },
  )
})

it('same-dice decides alike with a classic and a composite root sampler, although no first trace is named', () => {
  const [first, second, id] = [journeySampler(classic(RATE)), journeySampler(composite(RATE)), createIds(6)]
  const links = Array.from({ length: 5_000 }, (): Link[] => {
    const traceState = parseTracestate([`ot=rv:${id(14).slice(0, 14)}`])!
    return [{ context: { traceId: id(32), spanId: id(16), traceFlags: 0, traceState } }]
  })
  const decisions = (sampler: Sampler) => links.map((own) => decisionOn(sampler, id(32), own).decision)
  expect(decisions(first)).toEqual(decisions(second))
})

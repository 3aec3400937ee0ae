import { TraceFlags, type SpanContext } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { relativesOf, rememberRelative } from '../src/relatives.ts'
import { jobOf } from './job.ts'

let spans = 0
function spanContext(): SpanContext {
  spans += 1
  return { traceId: 'a'.repeat(32), spanId: String(spans).padStart(16, '0'), traceFlags: TraceFlags.SAMPLED }
}

/** Makes attempts on jobs, one after the other, and gives the span contexts. */
const attempt = (...jobs: Parameters<typeof jobOf>[0][]): SpanContext[] =>
  jobs.map((job) => {
    const context = spanContext()
    rememberRelative(jobOf(job), context)
    return context
  })

describe('children', () => {
  test('are remembered by their parent, each with its latest attempt', () => {
    const parent = jobOf({ id: 'ship' })
    const parentKey = 'bull:orders:ship'
    expect(relativesOf(parent)).toBeUndefined()
    const contexts = attempt({ id: 'a', parentKey }, { id: 'b', parentKey }, { id: 'a', parentKey })
    expect(relativesOf(parent)).toEqual([
      { role: 'child_job', context: contexts[2] },
      { role: 'child_job', context: contexts[1] },
    ])
    expect(relativesOf(jobOf({ id: 'other' }))).toBeUndefined()
  })

  test('are no more than a span has room for', () => {
    const parentKey = 'bull:orders:large'
    attempt(...Array.from({ length: 500 }, (_, index) => ({ id: `child ${index}`, parentKey })))
    expect(relativesOf(jobOf({ id: 'large' }))).toHaveLength(128)
  })
})

const before = (id: string): SpanContext[] =>
  (relativesOf(jobOf({ id, repeatJobKey: 'report' })) ?? []).map(({ context }) => context)

describe('iterations of a schedule', () => {
  test('know the one before, whatever attempts they need', () => {
    expect(before('1')).toEqual([])
    const [, second] = attempt({ id: '1', repeatJobKey: 'report' }, { id: '1', repeatJobKey: 'report' })
    expect(before('1')).toEqual([])
    expect(before('2')).toEqual([second])
    const [, fourth] = attempt({ id: '2', repeatJobKey: 'report' }, { id: '2', repeatJobKey: 'report' })
    expect(before('2')).toEqual([second])
    expect(before('3')).toEqual([fourth])
  })

  test('of other schedules, and of the same name on another queue, are others', () => {
    attempt({ id: '1', repeatJobKey: 'sweep' })
    expect(relativesOf(jobOf({ id: '2', repeatJobKey: 'mop' }))).toBeUndefined()
    expect(relativesOf(jobOf({ id: '2', repeatJobKey: 'sweep', queueQualifiedName: 'bull:emails' }))).toBeUndefined()
  })
})

const count = (jobs: Parameters<typeof jobOf>[0][]): number =>
  jobs.filter((job) => relativesOf(jobOf(job)) !== undefined).length

test('what is remembered is bounded', () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `many ${index}`)
  for (const name of names) attempt({ id: 'child', parentKey: `bull:orders:${name}` }, { id: '1', repeatJobKey: name })
  expect(count(names.map((id) => ({ id })))).toBeLessThanOrEqual(2_000)
  expect(count(names.map((repeatJobKey) => ({ id: '2', repeatJobKey })))).toBeLessThanOrEqual(2_000)
})

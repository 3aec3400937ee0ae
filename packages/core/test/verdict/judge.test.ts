import { ROOT_CONTEXT } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import type { AttemptMemory } from '../../src/verdict/delivery.ts'
import { judge } from '../../src/verdict/verdict.ts'
import { relate } from '../../src/verdict/relate.ts'
import { cases, type Case } from './cases.ts'

const MAX_TRACE_AGE = 15 * 60_000

/** A memory that has one answer to each question. */
const remembering = ({ past, pastElsewhere }: Pick<Case, 'past' | 'pastElsewhere'>): AttemptMemory => ({
  recall: () => past,
  recallElsewhere: () => pastElsewhere,
  latest: () => undefined,
  began: () => undefined,
  ended: () => {},
})

function decide(row: Case) {
  const { context, lineage, moved, broker, history, trust = 'full', relation, age } = row
  const verdict = judge(
    {
      context: ROOT_CONTEXT,
      creation: context === 'malformed' ? undefined : context,
      status: context === undefined ? 'absent' : context === 'malformed' ? 'malformed' : 'present',
      lineage,
      moved,
      baggage: undefined,
    },
    {
      system: 'kafka',
      destination: { name: 'orders' },
      carrier: {},
      ...broker,
      ...(history !== undefined && { history: () => history }),
    },
    trust,
    remembering(row),
  )
  const { parent, links } = relate(verdict, relation ?? 'auto', age, MAX_TRACE_AGE, undefined)
  const { attempt, source, kind } = verdict.attempt
  return { attempt: [attempt, source, kind], parent, links: links.map(({ role }) => role) }
}

test.each(cases)('$name', (row) => {
  const { attempt, parent, links } = row
  expect(decide(row)).toEqual({ attempt, parent, links })
})

const words = (facts: object | undefined): string =>
  facts === undefined
    ? ''
    : JSON.stringify(facts, (key, value: unknown) => (key === 'context' || key === 'creation' ? undefined : value))
        .replaceAll(/"|^\{|\}$/g, '')
        .replaceAll(/\{traceId:(\w)\w*,spanId:\w*,traceFlags:\d,isRemote:true\}/g, 'a span')
        .replaceAll(',', ', ')
        .replaceAll(':', ': ')
const messageOf = ({ context, lineage, moved }: Case): string =>
  [
    context === undefined ? 'no context' : context === 'malformed' ? 'a broken context' : 'a context',
    lineage && (lineage.creation === context ? words(lineage) : 'a field for another context'),
    words(moved),
  ]
    .filter(Boolean)
    .join('; ')
const consumerOf = ({ trust, relation, age }: Case): string => words({ trust, relation, age })
const memoryOf = ({ past, pastElsewhere }: Case): string =>
  [past && `attempt ${past.attempt}`, pastElsewhere && `attempt ${pastElsewhere.attempt} where it was before`]
    .filter(Boolean)
    .join('; ')

test('the page of verdicts shows the cases of this table', async () => {
  const rows = cases.map((row) => {
    const [attempt, source, kind] = row.attempt
    const cells = [row.name, messageOf(row), words({ ...row.broker, ...row.history }), memoryOf(row), consumerOf(row)]
    return `| ${[...cells, attempt, source, kind, row.parent, row.links.join(', ')].join(' | ')} |`
  })
  const page = `# What core makes of a delivery

Generated from the cases of \`packages/core/test/verdict/cases.ts\`; to write it anew, run
\`npx vitest run --project unit packages/core/test/verdict -u\`. Four sources speak about one delivery: the message, the
broker, this process's memory and the consumer's options.
The verdict says which attempt it is, who counted, of which kind, and how the process span hangs on what came before.

| delivery | the message says | the broker says | remembered | options | attempt | source | kind | parent | links |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
  await expect(page).toMatchFileSnapshot('../../../../docs/verdict.md')
})

test('an attempt that was made counts as the message and the broker say, and memory is not asked', () => {
  const extracted = { context: ROOT_CONTEXT, creation: undefined, status: 'absent', lineage: undefined } as const
  const arrival = { system: 'kafka', destination: {}, carrier: {}, count: { deliveries: 2, exact: false } }
  const verdict = judge({ ...extracted, moved: undefined, baggage: undefined }, arrival, 'full', undefined)
  expect(verdict.attempt).toMatchObject({ attempt: 2, source: 'broker', previous: undefined, overtakes: undefined })
})

import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createReceiver,
  findingsIn,
  messageFacts,
  TraceAssertionError,
  type Arrival,
  type RecordedSpan,
} from '@tracebaton/testing'
import { findingText } from '@tracebaton/testing/rules'
import { stories, type Check, type Recorded } from './stories.ts'

/** An official instrumentation, and the program that plays with it. */
export interface Subject {
  readonly client: string
  readonly instrumentation: string
  readonly program: string
  readonly address: string
}

/** What the kit says. Empty texts: nothing was found. */
export interface Verdict {
  readonly claim: string
  readonly found: readonly string[]
  /** Why there was nothing to judge. */
  readonly skipped?: string
}

/** All that was measured of one instrumentation. */
export interface Measured {
  readonly client: string
  readonly instrumentation: string
  readonly spans: number
  /** Messages that handlers got: proof that the stories were played. */
  readonly handled: number
  readonly stories: readonly { readonly title: string; readonly verdicts: readonly Verdict[] }[]
  readonly rules: readonly Verdict[]
}

const QUEUES = ['one', 'retried', 'poison', 'dead', 'batch', 'first', 'second']

/** Runs a program in a process of its own, takes its spans over OTLP, and asks the kit. */
export async function measure(
  { client, instrumentation, program, address }: Subject,
  tracedBy: 'instrumentation' | 'tracebaton',
): Promise<Measured> {
  await using receiver = await createReceiver()
  const run = randomUUID().slice(0, 8)
  const names = QUEUES.map((queue) => `${queue}-${run}`)
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, address, ...names], {
    env: { ...process.env, ...receiver.environment, TRACED_BY: tracedBy },
    timeout: 120_000,
  })
  // Names as in the stories, so that two runs say the same.
  const plain = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value).replaceAll(`-${run}`, '')) as Value
  const arrivals = plain(JSON.parse(stdout) as readonly Arrival[])
  const spans = plain(receiver.spans)
  return {
    client: `${client} ${await versionOf(client)}`,
    instrumentation: `${instrumentation} ${await versionOf(instrumentation)}`,
    spans: spans.length,
    handled: arrivals.length,
    stories: stories.map(({ title, queues, checks }) => {
      const recorded = { spans: about(spans, queues), arrivals }
      return { title, verdicts: checks.map((check) => judge(check, recorded)) }
    }),
    rules: rulesOf(spans, arrivals),
  }
}

/** The spans of every trace that has to do with one of the queues. */
function about(spans: readonly RecordedSpan[], queues: readonly string[]): RecordedSpan[] {
  const traces = new Set(
    spans.filter((span) => queues.includes(messageFacts(span).destination ?? '')).map(({ traceId }) => traceId),
  )
  return spans.filter(({ traceId }) => traces.has(traceId))
}

function judge({ claim, assert }: Check, recorded: Recorded): Verdict {
  try {
    const answer = assert(recorded)
    return { claim, found: [], ...(typeof answer === 'string' && { skipped: answer }) }
  } catch (error) {
    if (error instanceof TraceAssertionError) return { claim, found: counted(error.findings.map(findingText)) }
    throw error
  }
}

/** What the rules say that no story is about. */
function rulesOf(spans: readonly RecordedSpan[], arrivals: readonly Arrival[]): Verdict[] {
  const findings = findingsIn(spans, { arrivals })
  const chosen = ['no-leak', 'no-orphans', 'no-dangling-links', 'sampling-consistent', 'no-secrets', 'conventions']
  return chosen.map((rule) => ({
    claim: rule,
    found: counted(
      findings
        .filter((finding) => finding.rule === rule || finding.rule.startsWith(`${rule}/`))
        .map(({ problem, rule: id }) => `${general(problem)} [${id}]`),
      false,
    ),
  }))
}

/** Which queue it was makes no difference to a rule. */
function general(problem: string): string {
  return problem.replaceAll(new RegExp(`\\b(?:${QUEUES.join('|')})\\b`, 'g'), '<queue>')
}

/** Equal texts once, with ids that differ from run to run taken out. */
function counted(texts: readonly string[], numbered = true): string[] {
  const counts = new Map<string, number>()
  for (const text of texts) {
    const stable = text
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<message id>')
      .replaceAll(/\b[0-9a-f]{32}\b/g, '<trace>')
      .replaceAll(/\b[0-9a-f]{16}\b/g, '<span>')
      .replace(/of \d+ spans/, 'of all spans')
    counts.set(stable, (counts.get(stable) ?? 0) + 1)
  }
  return [...counts].map(([text, count]) => (count === 1 || !numbered ? text : `${text}\n  (${count} times)`))
}

async function versionOf(name: string): Promise<string> {
  const require = createRequire(import.meta.url)
  const folders = require.resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the first folder that has it counts
      const { version } = JSON.parse(await readFile(`${folder}/${name}/package.json`, 'utf8')) as { version: string }
      return version
    } catch {
      // The next folder may have it.
    }
  }
  return ''
}

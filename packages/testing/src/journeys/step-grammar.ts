/** The verbs of a way, and those that the clients have for the same, which pictures show. */
const VERBS = ['send', 'publish', 'add', 'create', 'process', 'dead letter', 'redrive'] as const

/** How an attempt can end. */
const OUTCOMES = [
  'acked',
  'requeued',
  'retry_scheduled',
  'rejected',
  'dead_lettered',
  'discarded',
  'abandoned',
] as const

/** What a step is made of, for the error and for the README. */
export const stepGrammar: readonly (readonly [part: string, words: string, example: string])[] = [
  ['verb', VERBS.map((verb) => `\`${verb}\``).join(', '), '`process`'],
  ['destination', 'queue, topic or exchange, as on the span', '`process orders`'],
  ['number', '`attempt` and a number, from 1', '`process orders attempt 2`'],
  ['outcome', OUTCOMES.map((outcome) => `\`${outcome}\``).join(', '), '`process orders attempt 2 requeued`'],
]

/** A description of a step that can be true of no step; `code` tells it from other errors. */
export class StepError extends TypeError {
  override readonly name = 'StepError'
  readonly code = 'TRACEBATON_STEP'

  /** @param problem what is no step, and why */
  constructor(problem: string) {
    const parts = stepGrammar.map(([part, words]) => `  ${part.padEnd(12)} ${words.replaceAll('`', '')}`)
    super(`${problem}. A step is a verb, and then as much as matters of\n${parts.join('\n')}`)
  }
}

/** The words of a description; pictures put `/3` behind the number of an attempt, and an arrow before its outcome. */
export function wordsOf(description: string): string[] {
  const words = description.split(' ').filter((word) => word !== '' && word !== '→')
  return words.map((word, index) => (words[index - 1] === 'attempt' ? word.replace(/\/\d+$/, '') : word))
}

/** Throws a `StepError` where descriptions can be true of no way. */
export function checkSteps(descriptions: unknown): void {
  if (!Array.isArray(descriptions) || descriptions.length === 0) {
    throw new StepError(`${JSON.stringify(descriptions)} is no list of steps`)
  }
  for (const description of descriptions) {
    const reason = typeof description === 'string' ? refusal(wordsOf(description)) : 'it has no words'
    if (reason !== undefined) throw new StepError(`${JSON.stringify(description)} is no step: ${reason}`)
  }
}

/** Why words are no step. A span may also be named before its verb: `orders send`. */
function refusal(words: readonly string[]): string | undefined {
  if (words.length === 0) return 'it has no words'
  const begins = VERBS.some((verb) => `${words.join(' ')} `.startsWith(`${verb} `) || words[1] === verb)
  if (!begins) return `${words[0]} is no verb`
  const at = words.lastIndexOf('attempt')
  if (at < 1) return undefined
  const [number = '', outcome, ...more] = words.slice(at + 1)
  if (!/^[1-9]\d*$/.test(number)) return 'attempt needs a number'
  if (outcome !== undefined && !OUTCOMES.some((known) => known === outcome)) return `${outcome} is no outcome`
  return more.length > 0 ? 'nothing stands behind the outcome' : undefined
}

import { messageFacts } from './facts.ts'
import type { MessageAttempt, MessageJourney } from './journey.ts'
import type { SpanNode } from './graph.ts'

/** One step of a message's way, as text and as the span that shows it. */
export interface Step {
  /** `send orders`, `process orders attempt 2 requeued`, `dead letter orders-dead attempt 1 acked`, `redrive orders …`. */
  readonly text: string
  readonly node: SpanNode
}

/** The way of a message: its send, then every attempt by start. What a span does not say is left out of the text. */
export function stepsOf({ creation, attempts }: MessageJourney): Step[] {
  const steps = attempts.map((attempt): Step => ({ text: attemptText(attempt), node: attempt.node }))
  return creation
    ? [{ text: `send ${messageFacts(creation.span).destination ?? ''}`.trim(), node: creation }, ...steps]
    : steps
}

const VERBS: Readonly<Record<string, string>> = { dead_letter: 'dead letter', redrive: 'redrive' }

function attemptText({ facts }: MessageAttempt): string {
  const { deliveryKind = '', deadLetterSource, destination, attempt, outcome } = facts
  const verb = VERBS[deliveryKind] ?? (deadLetterSource === undefined ? 'process' : 'dead letter')
  const number = attempt === undefined ? undefined : `attempt ${attempt}`
  return [verb, destination, number, outcome].filter((word) => word !== undefined && word !== '').join(' ')
}

/** Whether a step is as it was described: every word of the description is there, in this order, from the first one on. */
export function isStep(text: string, description: string): boolean {
  const words = text.split(' ')
  const wanted = description.split(' ').filter(Boolean)
  if (wanted[0] !== words[0]) return false
  let position = 0
  for (const word of wanted) {
    const found = words.indexOf(word, position)
    if (found === -1) return false
    position = found + 1
  }
  return true
}

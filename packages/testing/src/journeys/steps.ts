import { messageFacts, type MessageFacts } from '../spans/facts.ts'
import type { SpanNode } from '../spans/graph.ts'
import type { MessageAttempt, MessageJourney } from './journey.ts'
import { wordsOf } from './step-grammar.ts'

/** One step of a message's way, as text and as the span that shows it. */
export interface Step {
  /** `send orders`, `process orders attempt 2 requeued`, `dead letter orders-dead attempt 1 acked`, `redrive orders …`. */
  readonly text: string
  /** The same as pictures show it, with the name of the span: `publish orders`, `process orders-dead attempt 1/3 acked`. */
  readonly shown: string
  readonly node: SpanNode
}

/** The way of a message: its send, then every attempt by start. What a span does not say is left out of the text. */
export function stepsOf({ creation, attempts }: MessageJourney): Step[] {
  const steps = attempts.map(stepOf)
  if (!creation) return steps
  const text = words('send', messageFacts(creation.span).destination)
  return [{ text, shown: creation.span.name, node: creation }, ...steps]
}

function stepOf({ node, facts }: MessageAttempt): Step {
  const { deliveryKind, deadLetterSource, destination } = facts
  const isDead = deliveryKind === 'dead_letter' || deadLetterSource !== undefined
  const verb = deliveryKind === 'redrive' ? 'redrive' : isDead ? 'dead letter' : 'process'
  return { text: words(verb, destination, ...ending(facts)), shown: words(node.span.name, ...ending(facts)), node }
}

function ending({ attempt, outcome }: MessageFacts): (string | undefined)[] {
  return [attempt === undefined ? undefined : `attempt ${attempt}`, outcome]
}

function words(...all: (string | undefined)[]): string {
  return all.filter((word) => word !== undefined && word !== '').join(' ')
}

/** Whether a step is as it was described: every word of the description is there, in this order, from the first one on. */
export function isStep({ text, shown }: Step, description: string): boolean {
  const wanted = wordsOf(description)
  return startsAs(text, wanted) || startsAs(shown, wanted)
}

function startsAs(text: string, wanted: readonly string[]): boolean {
  const given = text.split(' ')
  if (wanted[0] !== given[0]) return false
  let position = 0
  for (const word of wanted) {
    const found = given.indexOf(word, position)
    if (found === -1) return false
    position = found + 1
  }
  return true
}

/**
 * Whether more spans can make these steps the described ones. Later spans come in between, before or behind; what is
 * there stays, so that every step has to have its description, in order.
 */
export function canBecome(steps: readonly Step[], descriptions: readonly string[]): boolean {
  let position = 0
  for (const step of steps) {
    while (position < descriptions.length && !isStep(step, descriptions[position] ?? '')) position += 1
    if (position === descriptions.length) return false
    position += 1
  }
  return true
}

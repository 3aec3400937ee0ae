/** What becomes of an order, known before it is sent. */
export const KINDS = {
  good: 'handled at once',
  retried: 'the payment fails once',
  mail_retried: 'the mail fails once',
  slow: 'waits long in its queue',
  dead: 'the payment fails for good',
  mail_dead: 'the mail fails for good',
  redriven: 'a dead letter that comes back, and is handled',
} as const

/** One of them. */
export type Kind = keyof typeof KINDS

// Of twenty orders in a row.
const bad: readonly Kind[] = ['dead', 'mail_dead', 'redriven', 'slow', 'retried', 'mail_retried']

/** The kind of an order by its number: one of each kind that goes wrong in twenty, the others are good. */
export function kindOf(number: number): Kind {
  return bad[number % 20] ?? 'good'
}

/** Which attempts of an order, at the payment or at the mail, fail. */
export function fails(kind: Kind, where: 'payment' | 'mail', attempt: number): boolean {
  if (where === 'payment') {
    return kind === 'dead' || (kind === 'redriven' && attempt <= MAX_ATTEMPTS) || (kind === 'retried' && attempt === 1)
  }
  return kind === 'mail_dead' || (kind === 'mail_retried' && attempt === 1)
}

/** Attempts until a message is given up. */
export const MAX_ATTEMPTS = 3

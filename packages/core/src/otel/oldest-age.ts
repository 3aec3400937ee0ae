import type { Attributes } from '@opentelemetry/api'

/** More messages at hand than this are not told apart by their age, of one provider; those beyond it came last. */
const MOST_AT_HAND = 10_000

/** More sets of labels than this have no age. SDKs keep as many of one instrument. */
const MOST_LABELS = 2_000

/** A message at hand. Names neither the message nor its attempt, which may be large, and may be forgotten. */
export interface AtHand {
  /** ms since the epoch: when it was first sent, as far as that is known. */
  readonly since: number
  /** `undefined`: it is let go. */
  ages: Ages | undefined
  before: AtHand | undefined
  after: AtHand | undefined
}

/** The messages at hand of one set of labels. Keeping and letting go cost the same, however many there are. */
export class Ages {
  readonly labels: Attributes
  readonly #all: OldestAge
  newest: AtHand | undefined

  constructor(labels: Attributes, all: OldestAge) {
    this.labels = labels
    this.#all = all
  }

  /** @returns what {@link letGo} takes; `undefined`: there are too many */
  keep(since: number): AtHand | undefined {
    if (this.#all.size >= MOST_AT_HAND) return undefined
    const before = this.newest
    const message: AtHand = { since, ages: this, before, after: undefined }
    this.newest = message
    if (before !== undefined) before.after = message
    this.#all.size += 1
    return message
  }

  remove({ before, after }: AtHand): void {
    if (before !== undefined) before.after = after
    if (after === undefined) this.newest = before
    else after.before = before
    this.#all.size -= 1
  }

  /** The least of their times; `Infinity`: there is none. */
  oldest(): number {
    let oldest = Infinity
    for (let message = this.newest; message !== undefined; message = message.before) {
      if (message.since < oldest) oldest = message.since
    }
    return oldest
  }
}

/** The message is handled and settled. Letting it go again does nothing. */
export function letGo(message: AtHand | undefined): void {
  if (message?.ages === undefined) return
  message.ages.remove(message)
  message.ages = message.before = message.after = undefined
}

/** The messages at hand of one meter provider. */
export class OldestAge {
  /** Of all labels. */
  size = 0
  readonly #byLabels = new Map<string, Ages>()

  /** One for all instances of tracing whose labels are equal. `undefined`: there are too many. */
  agesOf(labels: Attributes): Ages | undefined {
    const key = JSON.stringify(labels)
    let ages = this.#byLabels.get(key)
    if (ages === undefined && this.#byLabels.size < MOST_LABELS)
      this.#byLabels.set(key, (ages = new Ages(labels, this)))
    return ages
  }

  /**
   * Tells the age of the oldest message for all labels there ever were: an SDK repeats what was last told of them. The oldest
   * comes last, because under a View that drops a label an SDK keeps the last of several numbers.
   */
  observe(tell: (seconds: number, labels: Attributes) => void): void {
    const now = Date.now()
    const oldest = Array.from(this.#byLabels.values(), (ages) => ({ labels: ages.labels, since: ages.oldest() }))
    oldest.sort((one, other) => other.since - one.since)
    for (const { labels, since } of oldest) tell(since === Infinity ? 0 : Math.max(0, now - since) / 1000, labels)
  }
}

import { ROOT_CONTEXT, type Attributes, type Counter, type MeterProvider, type UpDownCounter } from '@opentelemetry/api'
import { METRICS } from '../base/names.ts'
import { CORE_SCOPE } from '../base/scope.ts'
import { processWide, SHARED } from '../base/shared-state.ts'
import type { Report } from '../base/report.ts'
import { isBounded } from '../base/bounds.ts'
import { OldestAge } from './oldest-age.ts'

/** A flush comes after this many messages at the latest, because some providers run no callbacks. */
const MESSAGES_PER_FLUSH = 1_000

/** A number of one label set that waits for the next flush. */
interface Pending {
  readonly flush: () => void
}

/** The pending numbers of one meter provider, and the messages at hand. Holds a number from its first change after a flush to the next flush. */
export class Flusher {
  readonly oldestAge: OldestAge = new OldestAge()
  #pending: Pending[] = []
  #messages = 0

  /** Takes part in the next flush. */
  keep(count: Pending): void {
    this.#pending.push(count)
  }

  /** Messages that the application sent, or got. The flush that they make due comes with the end of their work. */
  messages(count: number): void {
    this.flushIfDue()
    this.#messages += count
  }

  flushIfDue(): void {
    if (this.#messages >= MESSAGES_PER_FLUSH) this.flush()
  }

  /** Adds all numbers to their instruments, and sets them to 0. */
  flush(): void {
    const pending = this.#pending
    this.#pending = []
    this.#messages = 0
    for (const count of pending) count.flush()
  }
}

/** One for each meter provider in the process, so that instances of tracing come and go without a callback of their own. */
const flushers = processWide(SHARED.flushers, () => new WeakMap<MeterProvider, Flusher>())

/**
 * The flusher of a meter provider. The first call registers its callback, which an SDK runs before it reads any
 * instrument, whatever the scope.
 */
export function flusherOf(provider: MeterProvider, report: Report): Flusher {
  const known = flushers.get(provider)
  if (known !== undefined) return known
  const flusher = new Flusher()
  flushers.set(provider, flusher)
  report.guard('metrics', () => {
    const meter = provider.getMeter(CORE_SCOPE.name, CORE_SCOPE.version)
    const [name, unit, description] = METRICS.oldestAge
    const gauge = meter.createObservableGauge(name, { unit, description })
    meter.addBatchObservableCallback(
      (result) => {
        flusher.flush()
        flusher.oldestAge.observe((seconds, labels) => result.observe(gauge, seconds, labels))
      },
      [gauge],
    )
  })
  return flusher
}

/** A plain number of one label set. A message only changes the number; the flush adds it to the instrument. */
export class Count implements Pending {
  readonly #flusher: Flusher
  readonly #instrument: Counter | UpDownCounter | undefined
  readonly #labels: Attributes
  readonly #report: Report
  #value = 0
  #pending = false

  /** @param instrument `undefined`: there is none, and the number goes nowhere */
  constructor(flusher: Flusher, instrument: Counter | UpDownCounter | undefined, labels: Attributes, report: Report) {
    this.#flusher = flusher
    this.#instrument = instrument
    this.#labels = labels
    this.#report = report
  }

  add(value: number): void {
    this.#value += value
    if (this.#pending) return
    this.#pending = true
    this.#flusher.keep(this)
  }

  flush(): void {
    const value = this.#value
    this.#value = 0
    this.#pending = false
    if (!isBounded(value)) return
    try {
      // The number belongs to many messages: no exemplar may name the span that happens to be active.
      this.#instrument?.add(value, this.#labels, ROOT_CONTEXT)
    } catch (error) {
      this.#report.failed('metrics', error)
    }
  }
}

/** More values of a label than this are no set of errors but a leak; then it starts over. */
const REMEMBERED = 100

/** What belongs to one or two more labels, built once. There are few, so that looking through them beats hashing. */
export class Variants<Item> {
  readonly #create: (first: string, second: string) => Item
  #known: { readonly first: string; readonly second: string; readonly item: Item }[] = []

  constructor(create: (first: string, second: string) => Item) {
    this.#create = create
  }

  of(first: string, second = ''): Item {
    for (const known of this.#known) if (known.first === first && known.second === second) return known.item
    if (this.#known.length >= REMEMBERED) this.#known = []
    const item = this.#create(first, second)
    this.#known.push({ first, second, item })
    return item
  }
}

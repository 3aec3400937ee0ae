import { processWide, SHARED } from '../base/shared-state.ts'

/** So many values a label of the instruments of one scope may have, and with it the names of spans. */
const MOST_VALUES = 500

/** What stands for the others. */
const REST = '_other'

interface Known {
  readonly values: Set<string>
  /** Whether it was said that there are more. */
  said: boolean
}

/** By scope and label, of all instances of tracing. A value never makes room, because instruments do not forget it. */
const known = processWide(SHARED.labels, () => new Map<string, Known>())

/** Keeps the number of values of a label within a bound. */
export interface Labels {
  /** The value, if it is one of the first 500 of its label, else `_other`, which is said once. */
  bounded(label: string, value: string): string
  /** Whether a value is one of the first `most` of its label. */
  fits(label: string, value: string, most: number): boolean
}

/**
 * @param scope the name of the scope of the instruments
 * @param warn told once of each label with too many values
 */
export function createLabels(scope: string, warn: (message: string) => void): Labels {
  const knownOf = (label: string): Known => {
    const key = `${scope} ${label}`
    let found = known.get(key)
    if (found === undefined) known.set(key, (found = { values: new Set(), said: false }))
    return found
  }
  return {
    bounded(label, value) {
      const found = knownOf(label)
      if (fitsInto(found, value, MOST_VALUES)) return value
      if (!found.said) {
        found.said = true
        warn(
          `${scope} has met more than ${MOST_VALUES} values of ${label}: metrics and span names say ${REST} for the ` +
            'others. Names of destinations become fewer by the option destinationTemplate',
        )
      }
      return REST
    },
    fits: (label, value, most) =>
      // Labels that are made of foreign text are bounded, too.
      (known.size < 2 * MOST_VALUES || known.has(`${scope} ${label}`)) && fitsInto(knownOf(label), value, most),
  }
}

function fitsInto({ values }: Known, value: string, most: number): boolean {
  return values.has(value) || (values.size < most && values.add(value).size > 0)
}

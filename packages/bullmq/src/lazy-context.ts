import type { Context } from '@opentelemetry/api'

/**
 * A context that is made when somebody looks into it for the first time, except for one value.
 *
 * @param key of the value that is there from the beginning
 * @param make gives the same context each time; it holds that value, too
 */
export function lazyContext(key: symbol, value: () => unknown, make: () => Context): Context {
  return {
    getValue: (wanted) => (wanted === key ? value() : make().getValue(wanted)),
    setValue: (changed, to) => make().setValue(changed, to),
    deleteValue: (unwanted) => make().deleteValue(unwanted),
  }
}

import { ROOT_CONTEXT, type Context, type TextMapPropagator } from '@opentelemetry/api'
import { runIn } from '../base/call.ts'
import { quietly } from '../base/quietly.ts'
import type { Report } from '../base/report.ts'
import { fieldsSetter, headersGetter, type Fields, type Headers } from './carrier.ts'

/** What a propagator writes, asked in the very context that it is to write; `undefined`: it failed, or wrote nothing. */
export function injected(propagator: TextMapPropagator, context: Context, report: Report): Fields | undefined {
  const written: Record<string, string> = {}
  let failed = false
  quietly(
    () => runIn(context, () => propagator.inject(context, written, fieldsSetter), report),
    (error) => {
      failed = true
      report.failed('propagator', error)
    },
  )
  if (failed) return undefined
  const fields: Record<string, string> = {}
  // It may write without the setter, too.
  for (const [name, value] of Object.entries(written)) fieldsSetter.set(fields, name, value)
  return Object.keys(fields).length === 0 ? undefined : fields
}

/** What a propagator reads, asked in a context without anything; `undefined`: it failed. */
export function extractedBy(propagator: TextMapPropagator, headers: Headers, report: Report): Context | undefined {
  const read = report.ask(
    () => runIn(ROOT_CONTEXT, () => propagator.extract(ROOT_CONTEXT, headers, headersGetter), report),
    'propagator',
  )
  if (read === undefined || isContext(read)) return read
  report.failed('propagator', new TypeError('The propagator extracted something that is no context'))
  return undefined
}

function isContext(value: unknown): boolean {
  return ['getValue', 'setValue', 'deleteValue'].every((name) => typeof Reflect.get(Object(value), name) === 'function')
}

import { getTracebatonInstrumentations, type TracebatonInstrumentation, type TracebatonOptions } from './all.ts'
import { warn } from './packages.ts'
import { spared } from './say.ts'

/** An instrumentation of anybody's, as far as we look at it. */
export interface AnyInstrumentation {
  readonly instrumentationName: string
  disable(): void
}

const PREFIX = '@opentelemetry/instrumentation-'

/** What the official ones say of the parts of AWS. It is not public. */
interface AwsParts {
  readonly servicesExtensions?: { readonly services?: { delete?(service: string): unknown } }
}

/**
 * The given instrumentations without the official ones for the clients that ours trace, which are disabled, and with
 * ours. Of the official one for AWS only what it does for SQS is taken off, as far as it lets us: its other services stay,
 * and a span of each call. Never throws.
 *
 * @param others as `getNodeAutoInstrumentations()` gives them, or single ones
 * @param options of ours; the official one of a client that ours leaves out stays
 */
export function inPlaceOfOfficial<Other extends AnyInstrumentation>(
  others: readonly (Other | readonly Other[])[],
  options: TracebatonOptions = {},
): (Other | TracebatonInstrumentation)[] {
  const { amqplib, kafkajs, sqs } = Object(options) as TracebatonOptions
  const kept = others.flat().filter((other) => {
    const { instrumentationName: name } = Object(other) as Partial<AnyInstrumentation>
    if (name === `${PREFIX}aws-sdk` && sqs !== false) withoutSqs(other as AwsParts)
    const isReplaced =
      (name === `${PREFIX}kafkajs` && kafkajs !== false) || (name === `${PREFIX}amqplib` && amqplib !== false)
    if (isReplaced) disable(other)
    return !isReplaced
  })
  return [...getTracebatonInstrumentations(options), ...(kept as Other[])]
}

function disable(other: AnyInstrumentation): void {
  try {
    other.disable()
  } catch (error) {
    warn(`${other.instrumentationName} cannot be disabled, so it may record as well: ${String(error)}`)
  }
}

function withoutSqs({ servicesExtensions }: AwsParts): void {
  try {
    if (servicesExtensions?.services?.delete?.('SQS') === true) spared.add('sqs')
  } catch {
    // Another version of it: the adapter warns.
  }
}

import { load } from './load.cjs'

/**
 * OpenTelemetry's API and our other packages. Each is loaded when a client needs it, so that a process which uses one client
 * waits for one adapter; and as CommonJS, which loads in half the time. What they share with their ES modules is
 * process-wide.
 */
export const packages = {
  get api(): typeof import('@opentelemetry/api') {
    return load('@opentelemetry/api') as typeof import('@opentelemetry/api')
  },
  get core(): typeof import('@tracebaton/core/adapter') {
    return load('@tracebaton/core/adapter') as typeof import('@tracebaton/core/adapter')
  },
  get kafka(): typeof import('@tracebaton/kafka') {
    return load('@tracebaton/kafka') as typeof import('@tracebaton/kafka')
  },
  get amqp(): typeof import('@tracebaton/amqp') {
    return load('@tracebaton/amqp') as typeof import('@tracebaton/amqp')
  },
  get sqs(): typeof import('@tracebaton/sqs') {
    return load('@tracebaton/sqs') as typeof import('@tracebaton/sqs')
  },
  get bullmq(): typeof import('@tracebaton/bullmq') {
    return load('@tracebaton/bullmq') as typeof import('@tracebaton/bullmq')
  },
  get sandbox(): typeof import('@tracebaton/bullmq/sandbox') {
    return load('@tracebaton/bullmq/sandbox') as typeof import('@tracebaton/bullmq/sandbox')
  },
}

/** Says something to the API's logger, or to Node where there is no API. Never throws. */
export function warn(message: string): void {
  try {
    packages.api.diag.warn(`tracebaton: ${message}`)
  } catch {
    process.emitWarning(`tracebaton: ${message}`)
  }
}

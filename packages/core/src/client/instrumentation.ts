const warned = new WeakSet<object>()

/**
 * Says, once per instance, when the official instrumentation has patched this client too: then there are two spans for
 * everything, and the context on a message is that of the inner one. It cannot be undone from here.
 *
 * @param method the name of a method that it patches
 * @param library the client's package: `kafkajs`
 */
export function warnOfInstrumentation(
  tracing: { guard(work: () => void): void; warn(message: string): void },
  client: object,
  method: string,
  library: string,
): void {
  tracing.guard(() => {
    const patched = Reflect.get(client, method) as Readonly<Record<string, unknown>> | undefined
    if (patched?.['__wrapped'] !== true || warned.has(tracing)) return
    warned.add(tracing)
    tracing.warn(
      `${library} is also patched by another instrumentation, so every span is there twice. Disable one, for example by ` +
        `getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-${library}': { enabled: false } })`,
    )
  })
}

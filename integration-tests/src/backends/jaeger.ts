/** A trace as Jaeger has it. */
export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly { readonly spanID: string; readonly operationName: string }[]
}

/** A trace by its id; `undefined` where Jaeger does not have it. */
export async function traceOf(jaeger: string, traceId: string): Promise<JaegerTrace | undefined> {
  const response = await fetch(`${jaeger}/api/traces/${traceId}`)
  if (!response.ok) return undefined
  const { data } = (await response.json()) as { data: JaegerTrace[] }
  return data[0]
}

/** The traces in which a span of a service has this tag. */
export async function tracesWith(jaeger: string, service: string, tag: string, value: string): Promise<string[]> {
  const query = new URLSearchParams({ service, tags: JSON.stringify({ [tag]: value }), limit: '100', lookback: '1h' })
  const response = await fetch(`${jaeger}/api/traces?${query.toString()}`)
  const { data } = (await response.json()) as { data: JaegerTrace[] | null }
  return (data ?? []).map(({ traceID }) => traceID)
}

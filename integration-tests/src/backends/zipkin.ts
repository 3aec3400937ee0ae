/** A span as Zipkin has it. */
export interface ZipkinSpan {
  readonly id: string
  readonly traceId: string
  readonly name?: string
  readonly kind?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** The spans of a trace; none where Zipkin does not have it. */
export async function traceOf(zipkin: string, traceId: string): Promise<readonly ZipkinSpan[]> {
  const response = await fetch(`${zipkin}/api/v2/trace/${traceId}`)
  return response.ok ? ((await response.json()) as ZipkinSpan[]) : []
}

/** The traces that have a span with this tag. */
export async function tracesWith(zipkin: string, tag: string, value: string): Promise<string[]> {
  const query = new URLSearchParams({ annotationQuery: `${tag}=${value}`, limit: '100', lookback: '86400000' })
  const response = await fetch(`${zipkin}/api/v2/traces?${query.toString()}`)
  const traces = (await response.json()) as ZipkinSpan[][]
  return traces.flatMap(([span]) => span?.traceId ?? [])
}

/** Who calls whom, by the parents of spans and their peers. */
export async function dependencies(zipkin: string): Promise<{ parent: string; child: string }[]> {
  const query = new URLSearchParams({ endTs: String(Date.now()), lookback: '86400000' })
  const response = await fetch(`${zipkin}/api/v2/dependencies?${query.toString()}`)
  const links = (await response.json()) as { parent: string; child: string }[]
  return links.map(({ parent, child }) => ({ parent, child }))
}

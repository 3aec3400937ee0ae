import { join } from 'node:path'
import type { RecordedSpan } from '@tracebaton/testing'
import { readOtlp } from '@tracebaton/testing/otlp'
import { run } from '../command.ts'
import { root } from '../packed.ts'

/**
 * Plays the story of `npm run demo`, which sends its spans and metrics to the Collector. Gives the spans that it shows.
 * Rejects when it finds something wrong itself.
 */
export async function playDemo(collector: string): Promise<RecordedSpan[]> {
  const { code, stderr } = await run(process.execPath, ['examples/orders/dist/main.js'], {
    folder: root,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector },
  })
  if (code !== 0) throw new Error(`The demo ended with ${code}: ${stderr}`)
  const spans: RecordedSpan[] = []
  for await (const span of readOtlp(join(root, 'examples/orders/out/spans.jsonl'))) spans.push(span)
  return spans
}

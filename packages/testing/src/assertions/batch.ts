import { evidenceOf } from '../rules/evidence.ts'
import { findingAt, hopEnd, type Finding } from '../rules/finding.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { batchLinks } from '../rules/batch.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { TraceAssertionError } from './assertion-error.ts'

/**
 * A batch links exactly these sends: each distinct context once, none missing, none besides. Links of the roles `batch`
 * and `previous_attempt` are about something else. Throws a `TraceAssertionError`, else returns true.
 */
export function assertBatchLinks(batch: RecordedSpan, sends: readonly RecordedSpan[]): true {
  const evidence = evidenceOf([batch, ...sends])
  const node = evidence.graph.nodes.get(spanKey(batch))
  const links = batch.links.filter(({ role }) => role !== 'batch' && role !== 'previous_attempt')
  const wanted = new Map(sends.map((send) => [spanKey(send), send]))
  const counts = new Map<string, number>()
  for (const link of links) counts.set(spanKey(link), (counts.get(spanKey(link)) ?? 0) + 1)
  const linked = [...counts.keys()]
  const find = (
    problem: string,
    send: RecordedSpan | undefined,
    rest: Pick<Finding, 'expected' | 'actual'>,
  ): Finding => {
    const place = { rule: batchLinks.id, problem, spans: send ? [batch, send] : [batch], ...rest }
    const from = send ? hopEnd(send) : 'a span that is not among the sends'
    const message = (send && messageIdentity(send)?.text) ?? `a message to ${messageFacts(send ?? batch).destination}`
    const hop = `${from} → ${hopEnd(batch)}`
    const found = { ...place, message, hop, side: 'consumer' as const, service: batch.service }
    return node ? findingAt(evidence, node, found) : found
  }
  const compared = { expected: [...wanted.keys()].toSorted(), actual: links.map(spanKey).toSorted() }
  const findings = [
    ...[...wanted]
      .filter(([key]) => !counts.has(key))
      .map(([key, send]) => find(`${batch.name} does not link ${send.name} (${key}).`, send, compared)),
    ...linked
      .filter((key) => !wanted.has(key))
      .map((key) => find(`${batch.name} links ${key}, which is none of its sends.`, undefined, compared)),
    ...linked
      .filter((key) => (counts.get(key) ?? 0) > 1)
      .map((key) => find(`${batch.name} links ${key} more than once.`, wanted.get(key), compared)),
  ]
  if (findings.length > 0) throw new TraceAssertionError(findings, [batch, ...sends])
  return true
}

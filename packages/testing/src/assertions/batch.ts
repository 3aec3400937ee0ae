import { hopEnd, type Finding } from '../rules/finding.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { batchLinks } from '../rules/batch.ts'
import { grouped } from '../spans/grouped.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { TraceAssertionError } from './assertion-error.ts'

/**
 * A batch links exactly these sends: each distinct context once, none missing, none besides. Links of the roles `batch`
 * and `previous_attempt` are about something else. Throws a `TraceAssertionError`, else returns true.
 */
export function assertBatchLinks(batch: RecordedSpan, sends: readonly RecordedSpan[]): true {
  const links = batch.links.filter(({ role }) => role !== 'batch' && role !== 'previous_attempt')
  const wanted = new Map(sends.map((send) => [spanKey(send), send]))
  const linked = grouped(links, spanKey)
  const compared = { expected: [...wanted.keys()].toSorted(), actual: links.map(spanKey).toSorted() }
  const find = (problem: string, send?: RecordedSpan): Finding => ({
    rule: batchLinks.id,
    problem: `${batch.name} ${problem}.`,
    message: (send && messageIdentity(send)?.text) ?? `a message to ${messageFacts(send ?? batch).destination}`,
    hop: `${send ? hopEnd(send) : 'a span that is not among the sends'} → ${hopEnd(batch)}`,
    side: 'consumer',
    service: batch.service,
    spans: send ? [batch, send] : [batch],
    ...compared,
  })
  const missing = [...wanted].filter(([key]) => !linked.has(key))
  const besides = [...linked.keys()].filter((key) => !wanted.has(key))
  const twice = [...linked].filter(([, same]) => same.length > 1)
  const findings = [
    ...missing.map(([key, send]) => find(`does not link ${send.name} (${key})`, send)),
    ...besides.map((key) => find(`links ${key}, which is none of its sends`)),
    ...twice.map(([key]) => find(`links ${key} more than once`, wanted.get(key))),
  ]
  if (findings.length > 0) throw new TraceAssertionError(findings, [batch, ...sends])
  return true
}

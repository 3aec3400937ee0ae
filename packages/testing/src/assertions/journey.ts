import { evidenceOf, type Evidence } from '../rules/evidence.ts'
import { messageFacts } from '../spans/facts.ts'
import { aboutNothing, hopEnd, type Finding } from '../rules/finding.ts'
import type { MessageJourney } from '../journeys/journey.ts'
import { attemptsInOrder } from '../rules/attempts.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { checkSteps } from '../journeys/step-grammar.ts'
import { canBecome, isStep, stepsOf } from '../journeys/steps.ts'
import { TraceAssertionError } from './assertion-error.ts'
import type { ConnectedOptions } from './connected.ts'
import { connectionFindings, isSame } from './connection.ts'
import { spansOf, type SpanSource } from './source.ts'

const RULE = 'journey'

/** Which messages are meant, and how their hops have to hang together. */
export interface JourneyOptions extends Pick<ConnectedOptions, 'via' | 'arrivals'> {
  /**
   * The message that is meant, by its send span, or by its id (`kafka orders/0@42` or only `orders/0@42`; a message id).
   *
   * @default every message whose send is as the first step says
   */
  readonly message?: string | RecordedSpan
}

/**
 * A message went this way and no other: `['send orders', 'process orders attempt 1 requeued', 'process orders attempt 2
 * dead_lettered', 'dead letter orders-dead acked', 'redrive orders acked']`. A step may be said in fewer words, as
 * `process orders`, or with the name of the span, as pictures show it: `publish orders`. On the way every attempt is
 * connected to the send, numbered without gaps, and linked to the attempt before. Throws a `TraceAssertionError` that
 * says where the way parts, and a `TypeError` with the code `TRACEBATON_STEP` for what is no step; returns the journeys.
 * Made for waiting, too: `recorder.until((spans) => assertJourney(spans, steps))`.
 */
export function assertJourney(
  source: SpanSource,
  steps: readonly string[],
  options: JourneyOptions = {},
): readonly MessageJourney[] {
  checkSteps(steps)
  const spans = spansOf(source)
  const evidence = evidenceOf(spans, options)
  const meant = evidence.journeys.filter((journey) => isMeant(journey, steps, options.message))
  if (meant.length === 0) throw new TraceAssertionError([nobody(evidence, steps, options.message)], spans)
  const connections = connectionFindings(evidence, meant, options)
  const known = new Set(meant.flatMap(({ attempts }) => attempts.map(({ node }) => node.span)))
  const isOnTheWay = ({ spans: [culprit] }: Finding): boolean => !culprit || known.has(culprit)
  const findings = [
    // A step is missing because it is not connected, where it stands beside the way.
    ...connections.filter((finding) => !isOnTheWay(finding)),
    ...meant.flatMap((journey) => partingOf(journey, steps) ?? []),
    ...connections.filter(isOnTheWay),
    ...attemptsInOrder.check({ ...evidence, journeys: meant }),
  ]
  if (findings.length > 0) throw new TraceAssertionError(findings, spans)
  return meant
}

function isMeant(
  journey: MessageJourney,
  [first = '']: readonly string[],
  message: JourneyOptions['message'],
): boolean {
  if (typeof message === 'string') return journey.message === message || journey.message.endsWith(` ${message}`)
  if (message) return journey.creation !== undefined && isSame(journey.creation, message)
  const [start] = stepsOf(journey)
  return start !== undefined && isStep(start, first)
}

function nobody({ journeys }: Evidence, steps: readonly string[], message: JourneyOptions['message']): Finding {
  const which = typeof message === 'string' ? message : (message?.name ?? `begins with “${steps[0] ?? ''}”`)
  const others = journeys.flatMap((journey) => stepsOf(journey)[0]?.text ?? [])
  const known = others.length === 0 ? 'There are no messages at all.' : `There are: ${[...new Set(others)].join(', ')}.`
  return {
    ...aboutNothing,
    rule: RULE,
    problem: `No message ${message ? 'is' : 'that'} ${which}${message ? '' : ' was recorded'}. ${known}`,
    message: typeof message === 'string' ? message : 'none',
    hop: steps[0] ?? 'none',
    side: steps[0]?.startsWith('send') === true ? 'producer' : 'consumer',
    expected: steps,
    actual: [],
  }
}

function partingOf(journey: MessageJourney, steps: readonly string[]): Finding | undefined {
  const actual = stepsOf(journey)
  const agrees = (at: number): boolean => {
    const [is, wanted] = [actual[at], steps[at]]
    return is !== undefined && wanted !== undefined && isStep(is, wanted)
  }
  let at = 0
  while (agrees(at)) at += 1
  const [is, wanted, before] = [actual[at], steps[at], actual[at - 1]]
  if (!is && wanted === undefined) return undefined
  const problem = !is
    ? `Step ${at + 1} is missing: ${wanted}.`
    : wanted === undefined
      ? `The way goes on after its ${steps.length} steps: ${is.text}.`
      : `Step ${at + 1} is “${is.text}”, not “${wanted}”.`
  const culprit = is ?? before
  return {
    rule: RULE,
    problem,
    message: journey.message,
    hop: `${before ? hopEnd(before.node.span) : 'the beginning'} → ${is ? hopEnd(is.node.span) : wanted}`,
    side:
      (is && messageFacts(is.node.span).operationType === 'send') || wanted?.startsWith('send')
        ? 'producer'
        : 'consumer',
    service: is?.node.span.service ?? '',
    spans: culprit ? [culprit.node.span] : [],
    // What was described in fewer words is no difference.
    expected: steps.map((step, index) => {
      const there = actual[index]
      return there && isStep(there, step) ? there.text : step
    }),
    actual: actual.map(({ text }) => text),
    ...(!canBecome(actual, steps) && { final: true }),
  }
}

import {
  assertBatchLinks,
  assertConnected,
  assertJourney,
  messageFacts,
  type Arrival,
  type RecordedSpan,
} from '@tracebaton/testing'

/** What was recorded of one story. */
export interface Recorded {
  readonly spans: readonly RecordedSpan[]
  readonly arrivals: readonly Arrival[]
}

/** One thing that has to be true of a story, as an assertion of the kit. */
export interface Check {
  readonly claim: string
  /** Throws what the kit throws. Gives a text where there is nothing to judge, and why. */
  readonly assert: (recorded: Recorded) => unknown
}

/** A small story that every program plays, and what has to be true of it. */
export interface Story {
  readonly title: string
  /** The queues that it plays on, as the programs name them. */
  readonly queues: readonly string[]
  readonly checks: readonly Check[]
}

const journey = (claim: string, ...steps: string[]): Check => ({
  claim,
  assert: ({ spans, arrivals }) => assertJourney(spans, steps, { arrivals }),
})

/** A batch, by the span that is about all of it: the call that received it, or its handler as a whole. */
const batch: Check = {
  claim: 'the span of the batch links exactly the three sends',
  assert: ({ spans }) => {
    const whole = spans.find((span) => {
      const { operationType, batchSize } = messageFacts(span)
      return (operationType === 'receive' || operationType === 'process') && (batchSize ?? 0) > 0
    })
    // The conventions have messages of a batch made one by one, each with a context of its own, where there is a span for it.
    const named = (type: string): RecordedSpan[] => spans.filter((span) => messageFacts(span).operationType === type)
    const [creates, sends] = [named('create'), named('send')]
    return whole === undefined ? 'there is no such span' : assertBatchLinks(whole, creates.length > 0 ? creates : sends)
  },
}

export const stories: readonly Story[] = [
  {
    title: 'A message is sent and handled',
    queues: ['one'],
    checks: [journey('send → attempt, connected', 'send one', 'process one')],
  },
  {
    title: 'A handler fails twice and then succeeds',
    queues: ['retried'],
    checks: [
      journey(
        'send → three attempts, each numbered or linking the one before',
        'send retried',
        'process retried',
        'process retried',
        'process retried',
      ),
    ],
  },
  {
    title: 'A message becomes a dead letter, which is handled',
    queues: ['poison', 'dead'],
    checks: [
      {
        claim: 'send → two attempts → dead letter, as one message',
        assert: ({ spans, arrivals }) => {
          // Nobody has to say that it is one, but may.
          const said = spans.some((span) => messageFacts(span).deliveryKind === 'dead_letter')
          const steps = ['send poison', 'process poison', 'process poison', said ? 'dead letter dead' : 'process dead']
          return assertJourney(spans, steps, { arrivals })
        },
      },
    ],
  },
  {
    title: 'Three messages are sent together and handled together',
    queues: ['batch'],
    checks: [
      {
        claim: 'every message is connected to its send',
        assert: ({ spans, arrivals }) => assertConnected(spans, { arrivals }),
      },
      batch,
    ],
  },
  {
    title: 'A handler sends another message',
    queues: ['first', 'second'],
    checks: [
      journey('the first message: send → attempt', 'send first', 'process first'),
      journey('the second message: send → attempt', 'send second', 'process second'),
      {
        claim: 'the second send hangs on the attempt that made it',
        assert: ({ spans }) => {
          const named = (type: string, queue: string): RecordedSpan | undefined =>
            spans.find((span) => {
              const { operationType, destination } = messageFacts(span)
              return operationType === type && destination === queue
            })
          const [from, to] = [named('process', 'first'), named('send', 'second')]
          return assertConnected(spans, { via: 'parent', ...(from && { from }), ...(to && { to }) })
        },
      },
    ],
  },
]

import type { RecordedSpan } from '@tracebaton/testing'
import { spanOf } from '../../packages/testing/test/span-of.ts'
import { later, linkTo, story } from '../../packages/testing/test/story.ts'

/** What pictures are drawn of, and how many stories that is. */
export interface Subject {
  readonly spans: readonly RecordedSpan[]
  readonly stories: number
}

/** The order that failed three times, again and again: each time another message, with traces of its own. */
function orders(count: number): Subject {
  const spans = Array.from({ length: count }, (_, number) => {
    const own = (id: string): string => number.toString(16).padStart(4, '0') + id.slice(4)
    return story.map((span) => ({
      ...later(span, number * 3_600_000),
      traceId: own(span.traceId),
      links: span.links.map((link) => ({ ...link, traceId: own(link.traceId) })),
    }))
  })
  return { spans: spans.flat(), stories: count }
}

/** A message that was tried 400 times, with pauses that grow, so that the axis has nearly as many gaps. */
function gaps(): Subject {
  const attempts = Array.from({ length: 400 }, (_, index) =>
    spanOf({
      name: 'process orders',
      traceId: '1',
      kind: 'consumer',
      spanId: `a${index}`,
      parentSpanId: 'send',
      startTime: (index + 1) * 60_000 + index * index * 40,
      endTime: (index + 1) * 60_000 + index * index * 40 + 20,
      service: 'billing',
      status: 'error',
      attributes: {
        'messaging.system.name': 'kafka',
        'tracebaton.delivery.attempt': index + 1,
        'tracebaton.delivery.outcome': 'requeued',
        'error.type': index % 2 === 0 ? 'requeued' : 'TimeoutError',
      },
      links: index === 0 ? [] : [linkTo('previous_attempt', `a${index - 1}`, '1')],
    }),
  )
  const send = spanOf({ name: 'send orders', kind: 'producer', traceId: '1', spanId: 'send', startTime: 0, endTime: 3 })
  return { spans: [send, ...attempts], stories: 1 }
}

const names = [
  'W'.repeat(400),
  'process arn:aws:sqs:eu-central-1:123456789012:orders-of-the-shop-that-failed-dead-letter.fifo',
  '注文を処理する'.repeat(20),
  '👩‍👩‍👧🚀'.repeat(30),
  'e\u0301\u0301\u0301'.repeat(80),
  'طلب جديد من المتجر '.repeat(8),
  `"><script>alert('1')</script>&]]>`.repeat(4),
  'i'.repeat(300),
  'mmmm mmmm '.repeat(30),
  '   ',
]

/** Names of every sort, deep below each other, with services, errors and links that are as long; and times that are none. */
function hostile(): Subject {
  const spans = Array.from({ length: 60 }, (_, index) =>
    spanOf({
      name: names[index % names.length] ?? '',
      spanId: `${index}`,
      traceId: index < 40 ? 'deep' : `${index}`,
      ...(index > 0 && index < 40 ? { parentSpanId: `${index - 1}` } : {}),
      startTime: index === 50 ? Number.NaN : index * 1.7,
      endTime: index === 51 ? 1e300 : index * 1.7 + 400,
      service: names[(index + 3) % names.length] ?? '',
      status: 'error',
      attributes: {
        'messaging.system.name': 'kafka',
        'tracebaton.delivery.attempt': index,
        'tracebaton.delivery.max_attempts': 123_456,
        'tracebaton.delivery.outcome': names[(index + 1) % names.length] ?? '',
        'tracebaton.dead_letter.source': names[(index + 2) % names.length] ?? '',
        'error.type': names[(index + 5) % names.length] ?? '',
        'tracebaton.queue.time': index * 1e6,
      },
      links: index < 40 ? [linkTo(names[(index + 4) % names.length] ?? '', `${(index + 7) % 40}`, 'deep')] : [],
    }),
  )
  return { spans, stories: 21 }
}

/** Everything that a picture has to bear. */
export const subjects: Readonly<Record<string, Subject>> = {
  'one order': { spans: story, stories: 1 },
  '300 spans': orders(50),
  '400 gaps': gaps(),
  'hostile names': hostile(),
}

import type { Question } from './panels.ts'

const AT = 'messaging_destination_name=~"$destination"'
const BY = 'sum by (messaging_destination_name)'
const NAME = '{{messaging_destination_name}}'

const p95 = (histogram: string, labels = AT): string =>
  `histogram_quantile(0.95, sum by (le, messaging_destination_name) (rate(${histogram}_bucket{${labels}}[$__rate_interval])))`
const rate = (counter: string, labels = AT): string => `rate(${counter}{${labels}}[$__rate_interval])`

/** The golden signals of queues: how much, how long, how many wait, how much fails. */
export const SIGNALS: readonly Question[] = [
  {
    title: 'Sent and handled',
    description: 'Messages a second. Where more is sent than handled, the queue grows.',
    unit: 'reqps',
    queries: [
      { expression: `${BY} (${rate('messaging_client_sent_messages_total')})`, legend: `sent to ${NAME}` },
      { expression: `${BY} (${rate('tracebaton_deliveries_total')})`, legend: `attempts on ${NAME}` },
    ],
  },
  {
    title: 'Time in the queue',
    description: '95 % of the messages waited no longer. A delay that was asked for does not count.',
    unit: 's',
    queries: [{ expression: p95('tracebaton_queue_time_seconds'), legend: NAME }],
  },
  {
    title: 'Time of handlers',
    description: '95 % of the attempts took no longer. The points are single attempts: they lead to their traces.',
    unit: 's',
    queries: [
      { expression: p95('messaging_process_duration_seconds'), legend: NAME },
      {
        expression: p95('spans_duration_seconds', `${AT},messaging_operation_type="process"`),
        legend: `${NAME} (of spans)`,
        exemplars: true,
      },
    ],
  },
  {
    title: 'In work',
    description: 'Messages that are being handled.',
    unit: 'short',
    queries: [{ expression: `${BY} (tracebaton_in_flight{${AT}})`, legend: NAME }],
  },
  {
    title: 'Oldest message at hand',
    description:
      'Age of the oldest message that is being handled or waits for its settlement: grows where a handler hangs.',
    unit: 's',
    queries: [
      { expression: `max by (messaging_destination_name) (tracebaton_queue_oldest_age_seconds{${AT}})`, legend: NAME },
    ],
  },
  {
    title: 'Failed attempts',
    description: 'Which part of the attempts failed.',
    unit: 'percentunit',
    queries: [
      {
        expression:
          `${BY} (${rate('messaging_process_duration_seconds_count', `${AT},error_type!=""`)})` +
          ` / ${BY} (${rate('messaging_process_duration_seconds_count')})`,
        legend: NAME,
      },
    ],
    traces: { error: 'true' },
  },
]

/** What becomes of messages that fail. */
export const FAILURES: readonly Question[] = [
  {
    title: 'Attempts by outcome',
    description: 'Attempts a second, by what became of the message.',
    unit: 'reqps',
    queries: [
      {
        expression: `sum by (tracebaton_delivery_outcome) (${rate('tracebaton_deliveries_total')})`,
        legend: '{{tracebaton_delivery_outcome}}',
      },
    ],
  },
  {
    title: 'Retries',
    description: 'Attempts a second that are not the first of their message, by why there is another.',
    unit: 'reqps',
    queries: [
      {
        expression: `sum by (messaging_destination_name, tracebaton_delivery_kind) (${rate('tracebaton_deliveries_total', `${AT},tracebaton_delivery_kind!~"first|dead_letter|redrive"`)})`,
        legend: `${NAME}, {{tracebaton_delivery_kind}}`,
      },
    ],
    traces: { 'tracebaton.delivery.attempt': '2' },
  },
  {
    title: 'Dead letters by reason',
    description: 'Messages a second that become dead letters, by what the last attempt failed with.',
    unit: 'reqps',
    queries: [
      {
        expression: `sum by (tracebaton_dead_letter_reason) (${rate('spans_calls_total', 'tracebaton_dead_letter_reason!="",messaging_operation_type="send"')})`,
        legend: '{{tracebaton_dead_letter_reason}}',
      },
    ],
    traces: { 'tracebaton.delivery.outcome': 'dead_lettered' },
  },
  {
    title: 'Refused sends',
    description: 'Messages a second that the broker did not take.',
    unit: 'reqps',
    queries: [
      {
        expression: `${BY} (${rate('messaging_client_sent_messages_total', `${AT},error_type!=""`)}) or 0 * ${BY} (${rate('messaging_client_sent_messages_total')})`,
        legend: NAME,
      },
    ],
  },
]

import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createFeed } from '../../src/watch/feed.ts'
import type { Change } from '../../src/watch/protocol.ts'

const counts = { limit: 1, dropped: 0, spans: 0, problems: 0 }
const change = (reset: boolean): Change => ({ reset, journeys: [], gone: [], counts })

/** A page whose connection takes as much as a test says. */
class Reader extends EventEmitter {
  writableLength = 0
  ended = false
  readonly events: Change[] = []
  told = ''
  writeHead(): void {}
  write(text: string): void {
    if (text.startsWith('data: ')) this.events.push(JSON.parse(text.slice(6)) as Change)
  }
  end(text = ''): void {
    this.told = text
    this.ended = true
  }
}

const join = (feed: ReturnType<typeof createFeed>, reader: Reader): void =>
  feed.add(reader as unknown as ServerResponse)
const resets = ({ events }: Reader): boolean[] => events.map(({ reset }) => reset)

test('a page that takes nothing keeps nothing waiting, and is told everything once it has caught up', () => {
  const feed = createFeed(() => change(true))
  const [slow, quick] = [new Reader(), new Reader()]
  for (const reader of [slow, quick]) join(feed, reader)
  slow.writableLength = 2 * 1024 * 1024
  feed.tell(change(false))
  feed.tell(change(false))
  expect([resets(slow), resets(quick)]).toEqual([[true], [true, false, false]])
  slow.writableLength = 0
  slow.emit('drain')
  feed.tell(change(false))
  expect(resets(slow)).toEqual([true, true, false])
})

test('beyond five pages the one that came first rests, and one that has gone makes room', () => {
  const feed = createFeed(() => change(true))
  const readers = Array.from({ length: 7 }, () => new Reader())
  for (const reader of readers.slice(0, 6)) join(feed, reader)
  expect(readers.map(({ told }) => told)).toEqual(['event: rest\ndata: 1\n\n', '', '', '', '', '', ''])
  readers[3]?.emit('close')
  join(feed, readers[6]!)
  feed.tell(change(false))
  expect(readers.map((reader) => resets(reader).length)).toEqual([1, 2, 2, 1, 2, 2, 2])
  feed.close()
  expect(readers.map(({ ended }) => ended)).toEqual([true, true, true, false, true, true, true])
})

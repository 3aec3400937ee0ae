import type { ServerResponse } from 'node:http'
import type { Change } from './protocol.ts'

// A browser opens six connections to a server, and everything else that a page asks for needs one, too.
const mostReaders = 5
// Bytes that wait for a reader who does not take them.
const mostWaiting = 1024 * 1024

/** The pages that are open, told of changes by server-sent events. */
export interface Feed {
  /** Takes a page in. If there are too many, the one that came first rests until its reader comes back to it. */
  add(response: ServerResponse): void
  /** Tells all pages. Those that are behind are told everything once they have caught up. */
  tell(change: Change): void
  close(): void
}

/** @param everything all that a page has to know at first */
export function createFeed(everything: () => Change): Feed {
  const readers = new Map<ServerResponse, { behind: boolean }>()

  return {
    add(response) {
      const [first] = readers.keys()
      if (readers.size >= mostReaders && first) {
        readers.delete(first)
        first.end('event: rest\ndata: 1\n\n')
      }
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
      readers.set(response, { behind: false })
      response.once('close', () => readers.delete(response)).on('error', () => {})
      response.on('drain', () => {
        const reader = readers.get(response)
        if (!reader?.behind) return
        reader.behind = false
        write(response, JSON.stringify(everything()))
      })
      // A page that has lost its server asks again after this many ms.
      response.write('retry: 1000\n')
      write(response, JSON.stringify(everything()))
    },
    tell(change) {
      if (readers.size === 0) return
      const data = JSON.stringify(change)
      for (const [response, reader] of readers) {
        if (response.writableLength > mostWaiting) reader.behind = true
        if (!reader.behind) write(response, data)
      }
    },
    close() {
      for (const response of readers.keys()) response.end()
      readers.clear()
    },
  }
}

// JSON has no line breaks, so that one line carries it.
function write(response: ServerResponse, data: string): void {
  response.write(`data: ${data}\n\n`)
}

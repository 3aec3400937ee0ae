import type { ServerResponse } from 'node:http'
import type { Change } from './protocol.ts'

const mostReaders = 16
// Bytes that wait for a reader who does not take them.
const mostWaiting = 1024 * 1024

/** The pages that are open, told of changes by server-sent events. */
export interface Feed {
  /** Takes a page in. False: there are too many. */
  add(response: ServerResponse): boolean
  /** Tells all pages. Those that are behind are told everything once they have caught up. */
  tell(change: Change): void
  close(): void
}

/** @param everything all that a page has to know at first */
export function createFeed(everything: () => Change): Feed {
  const readers = new Map<ServerResponse, { behind: boolean }>()

  return {
    add(response) {
      if (readers.size >= mostReaders) return false
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
      return true
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

import { listenOn } from '../recording/listen-on.ts'
import { createFeed } from './feed.ts'
import type { Journal } from './journal.ts'
import type { Change } from './protocol.ts'
import { createWatchServer } from './server.ts'

/** How a watch is set up. */
export interface WatchOptions {
  /** Where the spans go, and the page comes from. */
  readonly journal: Journal
  /** 0 is any that is free. */
  readonly port: number
  readonly host: string
  /** Is told of every change. */
  readonly onChange?: (change: Change) => void
}

/** An OTLP endpoint with a live page. */
export interface Watch extends AsyncDisposable {
  /** Of the page, and for `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:4318`. */
  readonly url: string
  /** Stops listening and ends all connections. */
  close(): Promise<void>
}

// ms between two looks at what has come, and when there is more to do.
const calm = 200
const busy = 40

/** Starts a watch. Rejects when the address cannot be listened on. */
export async function startWatch({ journal, port, host, onChange }: WatchOptions): Promise<Watch> {
  const feed = createFeed(() => journal.everything())
  const server = createWatchServer(journal, feed, host)
  const url = await listenOn(server, port, host)
  let timer = setTimeout(look, calm)
  function look(): void {
    const change = journal.advance()
    if (change) {
      feed.tell(change)
      onChange?.(change)
    }
    timer = setTimeout(look, journal.isBehind ? busy : calm)
  }
  const close = async (): Promise<void> => {
    clearTimeout(timer)
    feed.close()
    const closed = new Promise((resolve) => {
      server.close(resolve)
    })
    server.closeAllConnections()
    await closed
  }
  return { url, close, [Symbol.asyncDispose]: close }
}

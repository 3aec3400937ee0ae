import type { Change } from '../protocol.ts'

/** `off`: the server does not answer. */
export type ConnectionState = 'live' | 'paused' | 'off'

/** What the server tells, and again whenever the connection was lost. */
export interface Connection {
  /** The server then begins with everything that it has. */
  start(): void
  stop(): void
}

// ms
const pause = 2000

export function createConnection(
  onChange: (change: Change) => void,
  onState: (state: ConnectionState) => void,
): Connection {
  let source: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined

  function start(): void {
    source = new EventSource('/events')
    source.addEventListener('open', () => onState('live'))
    source.addEventListener('error', () => {
      onState('off')
      // The browser tries again by itself, unless it was refused.
      if (source?.readyState === EventSource.CLOSED) again = setTimeout(start, pause)
    })
    source.addEventListener('message', ({ data }) => onChange(JSON.parse(String(data)) as Change))
  }

  return {
    start,
    stop() {
      clearTimeout(again)
      source?.close()
      onState('paused')
    },
  }
}

import type { Change } from '../protocol.ts'

/** `off`: the server does not answer. `resting`: it tells other pages, which were opened later. */
export type ConnectionState = 'live' | 'paused' | 'resting' | 'off'

/** What the server tells, and again whenever the connection was lost. */
export interface Connection {
  /** The server then begins with everything that it has. Does nothing where it is told already. */
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
    if (source && source.readyState !== EventSource.CLOSED) return
    source = new EventSource('/events')
    source.addEventListener('open', () => onState('live'))
    source.addEventListener('error', () => {
      onState('off')
      // The browser tries again by itself, unless it was refused.
      if (source?.readyState === EventSource.CLOSED) again = setTimeout(start, pause)
    })
    source.addEventListener('rest', () => stop('resting'))
    source.addEventListener('message', ({ data }) => onChange(JSON.parse(String(data)) as Change))
  }

  function stop(state: ConnectionState): void {
    clearTimeout(again)
    source?.close()
    onState(state)
  }

  return { start, stop: () => stop('paused') }
}

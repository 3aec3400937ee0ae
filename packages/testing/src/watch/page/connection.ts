import type { Change } from '../protocol.ts'

/** `off`: the server does not answer. */
export type ConnectionState = 'live' | 'paused' | 'off'

/** What the server tells, and again whenever the connection was lost. */
export interface Connection {
  /** The server then begins with everything that it has. */
  start(): void
  stop(): void
}

export function createConnection(
  onChange: (change: Change) => void,
  onState: (state: ConnectionState) => void,
): Connection {
  let source: EventSource | undefined
  return {
    start() {
      source = new EventSource('/events')
      source.addEventListener('open', () => onState('live'))
      source.addEventListener('error', () => onState('off'))
      source.addEventListener('message', ({ data }) => onChange(JSON.parse(String(data)) as Change))
    },
    stop() {
      source?.close()
      onState('paused')
    },
  }
}

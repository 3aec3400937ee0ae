import { performance } from 'node:perf_hooks'
import type { StoryProgress } from '../large/read-stories.ts'
import type { Terminal } from './terminal.ts'

/** One line on a terminal that says how far a long reading is. */
export interface Progress {
  readonly show: (progress: StoryProgress) => void
  /** Takes the line away. */
  readonly end: () => void
}

/** @param bytes of one pass */
export function createProgress(terminal: Terminal, bytes: number): Progress {
  let last = performance.now()
  let shown = false
  return {
    show({ pass, passes, bytes: done }) {
      const now = performance.now()
      if (!terminal.live || now - last < 200) return
      last = now
      shown = true
      const part = Math.min(100, Math.round((done / bytes) * 100))
      terminal.error(`\r\u001b[Kpass ${pass}${passes === undefined ? '' : ` of ${passes}`}: ${part} %`)
    },
    end() {
      if (shown) terminal.error('\r\u001b[K')
    },
  }
}

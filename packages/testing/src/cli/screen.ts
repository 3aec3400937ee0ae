import { emitKeypressEvents } from 'node:readline'
import type { Screen } from '../watch/terminal-view.ts'

/** The whole terminal, until it is given back. */
export interface OpenScreen extends Screen, Disposable {}

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'

/** Takes the terminal of this process: another screen than the one with the shell's lines, and every key at once. */
export function openScreen(): OpenScreen {
  const { stdin, stdout } = process
  stdout.write(enter)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.resume()
  return {
    size: () => ({ columns: Math.max(40, stdout.columns || 100), rows: Math.max(8, stdout.rows || 30) }),
    show(lines) {
      // Each line is wiped to its end, so that nothing flickers.
      stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
    },
    onKey(act) {
      stdin.on('keypress', (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
        const name = key.name ?? text ?? ''
        act(key.ctrl ? `ctrl+${name}` : name)
      })
    },
    onResize: (act) => void stdout.on('resize', act),
    [Symbol.dispose]() {
      stdin.removeAllListeners('keypress')
      stdout.removeAllListeners('resize')
      stdin.setRawMode(false)
      stdin.pause()
      stdout.write(leave)
    },
  }
}

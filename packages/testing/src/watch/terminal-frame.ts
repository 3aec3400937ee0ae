import type { Paint } from '../text/colors.ts'
import { cut } from '../text/display-text.ts'
import { journeyLine } from './journey-line.ts'
import type { JourneySummary } from './protocol.ts'

/** What the terminal shows. */
export interface Scene {
  readonly url: string
  /** Those that are chosen by the filters, newest first. */
  readonly journeys: readonly JourneySummary[]
  readonly counts: { readonly all: number; readonly failed: number; readonly broken: number }
  readonly only: { readonly failed: boolean; readonly broken: boolean }
  /** Index of the journey that is marked. */
  readonly marked: number
  /** The waterfall of the marked journey, when it is open, and how far it is scrolled. */
  readonly opened: { readonly lines: readonly string[]; readonly from: number } | undefined
}

/** The screen as lines: exactly `rows` of them, none wider than `columns`. */
export function frame(scene: Scene, columns: number, rows: number, paint: Paint): string[] {
  const room = Math.max(1, rows - 4)
  const body = scene.opened
    ? scene.opened.lines.slice(scene.opened.from, scene.opened.from + room)
    : listLines(scene, columns, room, paint)
  const lines = [heading(scene, columns, paint), '', ...body]
  while (lines.length < rows - 1) lines.push('')
  return [...lines.slice(0, rows - 1), paint(cut(keys(scene), columns), 'quiet')]
}

function heading({ url, counts, only }: Scene, columns: number, paint: Paint): string {
  const numbers = `${counts.all} journeys, ${counts.failed} failed, ${counts.broken} broken`
  const chosen = [only.failed ? 'failed only' : '', only.broken ? 'broken only' : ''].filter(Boolean).join(', ')
  const rest = cut(['', url, numbers, chosen].filter((text, index) => index === 0 || text).join(' · '), columns - 16)
  return paint('tracebaton watch', 'title') + paint(rest, 'quiet')
}

function listLines({ journeys, marked, url, only }: Scene, columns: number, room: number, paint: Paint): string[] {
  if (journeys.length === 0) {
    const filtered = only.failed || only.broken
    return [
      paint(
        cut(filtered ? '  No journey matches.' : `  Send spans to ${url}, and open it in a browser.`, columns),
        'quiet',
      ),
    ]
  }
  const from = Math.max(0, Math.min(marked - Math.floor(room / 2), journeys.length - room))
  return journeys.slice(from, from + room).map((journey, index) => {
    const sign = from + index === marked ? '› ' : '  '
    return sign + journeyLine(journey, columns - 2, paint)
  })
}

function keys({ opened }: Scene): string {
  return opened ? '↑ ↓ scroll · Esc back · q quit' : '↑ ↓ choose · Enter open · f failed only · b broken only · q quit'
}

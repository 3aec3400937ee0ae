import { createPaint } from '../text/colors.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { waterfall } from '../pictures/waterfall.ts'
import { isBroken, isFailed, matches } from './page/filter.ts'
import type { Change, JourneySummary } from './protocol.ts'
import { frame } from './terminal-frame.ts'

/** A terminal that a person sits at. */
export interface Screen {
  size(): { readonly columns: number; readonly rows: number }
  /** Shows these lines instead of those before. */
  show(lines: readonly string[]): void
  /** Calls back for every key, by its name: `up`, `return`, `f`. */
  onKey(act: (name: string) => void): void
  onResize(act: () => void): void
}

/** The live view in a terminal. */
export interface TerminalView {
  apply(change: Change): void
}

/** @param quit is called when the reader has enough */
export function createTerminalView(screen: Screen, { url, colors, spansOf, quit }: TerminalViewOptions): TerminalView {
  const paint = createPaint(colors)
  const all = new Map<string, JourneySummary>()
  const only = { words: [], failed: false, broken: false }
  let marked: string | undefined
  let opened: { readonly id: string; from: number } | undefined

  const chosen = (): JourneySummary[] =>
    [...all.values()].filter((journey) => matches(journey, only)).toSorted((one, other) => other.order - one.order)

  function draw(): void {
    const { columns, rows } = screen.size()
    const journeys = chosen()
    const place = journeys.findIndex(({ id }) => id === marked)
    const lines = opened && waterfall(spansOf(opened.id), { width: columns, colors }).split('\n')
    if (opened && lines) opened.from = Math.max(0, Math.min(opened.from, lines.length - (rows - 4)))
    const counts = {
      all: all.size,
      failed: [...all.values()].filter(isFailed).length,
      broken: [...all.values()].filter(isBroken).length,
    }
    const scene = {
      url,
      journeys,
      counts,
      only,
      marked: place,
      opened: opened && lines && { lines, from: opened.from },
    }
    screen.show(frame(scene, columns, rows, paint))
  }

  function move(step: 1 | -1): void {
    if (opened) {
      opened.from += step
      return
    }
    const journeys = chosen()
    const place = journeys.findIndex(({ id }) => id === marked)
    marked = (journeys[place < 0 ? 0 : place + step] ?? journeys[place])?.id
  }

  const keys: Readonly<Record<string, () => void>> = {
    up: () => move(-1),
    down: () => move(1),
    return() {
      marked ??= chosen()[0]?.id
      if (marked !== undefined) opened = { id: marked, from: 0 }
    },
    escape: () => void (opened = undefined),
    f: () => void (only.failed = !only.failed),
    b: () => void (only.broken = !only.broken),
    q: quit,
    'ctrl+c': quit,
  }
  screen.onKey((name) => {
    keys[name]?.()
    draw()
  })
  screen.onResize(draw)
  draw()

  return {
    apply({ reset, journeys, gone }) {
      if (reset) all.clear()
      for (const id of gone) all.delete(id)
      for (const journey of journeys) all.set(journey.id, journey)
      draw()
    },
  }
}

interface TerminalViewOptions {
  readonly url: string
  readonly colors: boolean
  readonly spansOf: (id: string) => readonly RecordedSpan[]
  readonly quit: () => void
}

/** A stretch of time, ms. */
export interface TimeRange {
  readonly start: number
  readonly end: number
}

/** Where moments lie on an axis that runs from 0 to 1. */
export interface TimeScale {
  /** The place of a moment (ms), clamped to 0 … 1. */
  position(moment: number): number
  /** Where the axis leaves out idle time, by position. */
  readonly breaks: readonly TimeRange[]
  /** Moments worth a label, as ms since the start of the axis; at most about `count`, unless there are breaks. */
  ticks(count: number): readonly number[]
  /** ms of the axis start. */
  readonly start: number
}

interface Piece extends TimeRange {
  readonly from: number
  readonly to: number
  readonly idle: boolean
}

/**
 * Lays time ranges on an axis. When next to nothing would be seen because idle time between the ranges takes more than
 * four fifths of the axis (retries that waited minutes), the long idle stretches are drawn shorter, as breaks.
 */
export function timeScale(ranges: readonly TimeRange[]): TimeScale {
  const busy = merged(ranges)
  const start = busy[0]?.start ?? 0
  const end = busy.at(-1)?.end ?? start
  const pieces = layOut(busy)
  const length = pieces.at(-1)?.to ?? 0

  function position(moment: number): number {
    if (length === 0 || !(moment > start)) return 0
    const piece = pieces.find((candidate) => moment <= candidate.end)
    if (!piece) return 1
    const part = piece.end === piece.start ? 0 : (moment - piece.start) / (piece.end - piece.start)
    return (piece.from + part * (piece.to - piece.from)) / length
  }

  const breaks = pieces
    .filter((piece) => piece.idle)
    .map((piece) => ({ start: piece.from / length, end: piece.to / length }))

  return {
    start,
    position,
    breaks,
    ticks(count) {
      if (breaks.length > 0) return pieces.filter((piece) => !piece.idle).map((piece) => piece.start - start)
      return roundTicks(end - start, count)
    },
  }
}

// As far from 1970 as a Date reaches, ms. The length of an axis that no moment is beyond is a finite number.
const farthest = 8.64e15
const within = (moment: number): number => Math.min(farthest, Math.max(-farthest, moment))

function merged(ranges: readonly TimeRange[]): TimeRange[] {
  const sorted = ranges
    .filter((range) => Number.isFinite(range.start))
    .map(({ start, end }) => ({ start: within(start), end: within(Number.isFinite(end) ? end : start) }))
    .toSorted((one, other) => one.start - other.start)
  const busy: { start: number; end: number }[] = []
  for (const { start, end } of sorted) {
    const last = busy.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else busy.push({ start, end: Math.max(start, end) })
  }
  return busy
}

function layOut(busy: readonly TimeRange[]): Piece[] {
  const busyTime = busy.reduce((sum, range) => sum + range.end - range.start, 0)
  const span = (busy.at(-1)?.end ?? 0) - (busy[0]?.start ?? 0)
  const compress = busyTime > 0 && span > busyTime * 5
  const cap = compress ? busyTime / Math.max(1, busy.length - 1) : Infinity
  const pieces: Piece[] = []
  let to = 0
  const add = (start: number, end: number, length: number, idle: boolean): void => {
    pieces.push({ start, end, from: to, to: to + length, idle })
    to += length
  }
  let open: number | undefined
  for (const [index, range] of busy.entries()) {
    open ??= range.start
    const next = busy[index + 1]
    if (next && next.start - range.end <= cap) continue
    add(open, range.end, range.end - open, false)
    if (next) add(range.end, next.start, cap, true)
    open = undefined
  }
  return pieces
}

const nanosecond = 1e-6
const minute = 60_000
const clockSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * minute)

function roundTicks(length: number, count: number): number[] {
  // Spans tell no shorter time, and the smallest of numbers have no parts.
  if (!(length > nanosecond)) return [0]
  const rough = length / Math.max(1, count)
  const unit = rough <= minute / 2 ? 1 : 1440 * minute
  const power = 10 ** Math.floor(Math.log10(rough / unit)) * unit
  const decimal = [1, 2, 5, 10].map((factor) => factor * power)
  const steps = rough > minute / 2 && rough <= 1440 * minute ? clockSteps : decimal
  const step = steps.find((candidate) => candidate >= rough) ?? rough
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step)
}

import { durationText } from '../text/duration.ts'
import type { TimeScale } from './time-scale.ts'

/** A label of an axis: a time since its start, or `⋯` where idle time is left out. Places are from 0 to 1. */
export interface AxisMark {
  /** The left edge of the text. */
  readonly at: number
  readonly text: string
  readonly gap: boolean
}

/**
 * The marks of an axis that have room beside each other: times from left to right, then gaps between them.
 *
 * @param count the most times, about
 * @param widthOf the width of a text and of the space behind it, as a part of the axis
 */
export function axisMarks(scale: TimeScale, count: number, widthOf: (text: string) => number): AxisMark[] {
  const marks: (AxisMark & { readonly end: number })[] = []
  const place = (at: number, text: string, gap: boolean): void => {
    const end = at + widthOf(text)
    const isFree = marks.every((mark) => end <= mark.at || mark.end <= at)
    if (at >= 0 && end <= 1 && isFree) marks.push({ at, end, text, gap })
  }
  for (const { at, text } of timesOf(scale, count, widthOf)) place(at, text, false)
  const half = widthOf('⋯') / 2
  for (const { start, end } of scale.breaks) place((start + end) / 2 - half, '⋯', true)
  return marks
}

/** Times that have room beside each other, because an axis that leaves out some of its steps is misread. */
function timesOf(
  scale: TimeScale,
  count: number,
  widthOf: (text: string) => number,
): { readonly at: number; readonly text: string }[] {
  const times = scale.ticks(count).map((tick) => ({ at: scale.position(scale.start + tick), text: durationText(tick) }))
  const isCrowded = times.some(({ at, text }, index) => at + widthOf(text) > (times[index + 1]?.at ?? Infinity))
  // Between breaks there are no steps.
  return isCrowded && count > 1 && scale.breaks.length === 0 ? timesOf(scale, count - 1, widthOf) : times
}

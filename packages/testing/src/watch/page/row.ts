import type { JourneyState, JourneySummary } from '../protocol.ts'
import { drawing, element } from './dom.ts'
import { isBroken } from './filter.ts'

const marks: Readonly<Record<JourneyState, readonly [sign: string, meaning: string]>> = {
  ok: ['●', ''],
  recovered: ['●', 'recovered'],
  waiting: ['○', 'not handled yet'],
  retrying: ['↻', 'retrying'],
  failed: ['✗', 'failed'],
  dead: ['✗', 'dead letter'],
}

/** A journey in the list. */
export function journeyRow(journey: JourneySummary): HTMLAnchorElement {
  const [sign, meaning] = marks[journey.state]
  return element(
    'a',
    { href: `#${journey.id}`, class: journey.state },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, sign),
    element('span', { class: 'title' }, element('b', {}, journey.title), ...chips(journey, meaning)),
    element('time', { datetime: dateOf(journey.start) }, clockText(journey.start)),
    element('span', { class: 'about' }, aboutText(journey)),
    smallPicture(journey),
    journey.problem === '' ? undefined : element('span', { class: 'problem' }, journey.problem),
  )
}

/** What a journey is, in a word or two. */
export function chips(journey: JourneySummary, meaning: string = marks[journey.state][1]): HTMLElement[] {
  const made: HTMLElement[] = []
  if (meaning !== '') made.push(element('span', { class: `chip ${journey.state}` }, meaning))
  if (isBroken(journey)) made.push(element('span', { class: 'chip broken' }, 'broken'))
  return made
}

function aboutText({ message, attempts, waited, result, services }: JourneySummary): string {
  const parts = [
    message,
    attempts > 1 ? `${attempts} attempts` : '',
    waited === '' ? '' : `waited ${waited}`,
    result,
    services.join(' → '),
  ]
  return parts.filter(Boolean).join(' · ')
}

function smallPicture({ bars }: JourneySummary): SVGElement {
  const step = 100 / Math.max(4, bars.length)
  const rows = bars.map(([from, to, state, service], index) =>
    drawing('rect', {
      x: `${from / 10}%`,
      y: `${index * step}%`,
      width: `${Math.max(1.5, (to - from) / 10)}%`,
      height: `${step * 0.75}%`,
      class: `${state} s${Math.max(0, service) % 6}`,
    }),
  )
  return drawing('svg', { class: 'small', 'aria-hidden': 'true' }, ...rows)
}

/** The time of day, as the reader writes it. */
export function clockText(milliseconds: number): string {
  const moment = new Date(milliseconds)
  return Number.isNaN(moment.getTime()) ? '' : moment.toLocaleTimeString(undefined, { hourCycle: 'h23' })
}

function dateOf(milliseconds: number): string | undefined {
  const moment = new Date(milliseconds)
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString()
}

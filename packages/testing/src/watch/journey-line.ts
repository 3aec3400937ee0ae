import type { Paint, Role } from '../text/colors.ts'
import { cut, fit } from '../text/display-text.ts'
import type { JourneyState, JourneySummary } from './protocol.ts'

const signs: Readonly<Record<JourneyState, readonly [sign: string, role: Role]>> = {
  ok: ['●', 'ok'],
  recovered: ['●', 'open'],
  waiting: ['○', 'quiet'],
  retrying: ['↻', 'open'],
  failed: ['✗', 'failed'],
  dead: ['✗', 'failed'],
}

/** A journey in one line of at most `width` columns. */
export function journeyLine(journey: JourneySummary, width: number, paint: Paint): string {
  const { state, title, attempts, waited, result, findings = 0, problem } = journey
  const [sign, role] = signs[state]
  const name = Math.max(12, Math.min(32, Math.floor(width / 3)))
  const said = [
    journey.message,
    attempts > 1 ? `${attempts} attempts` : '',
    waited === '' ? '' : `waited ${waited}`,
    result,
    state === 'waiting' ? 'not handled yet' : '',
    problem,
  ]
  const room = Math.max(0, width - 12 - name)
  const broken = findings > 0 ? cut('broken ', room) : ''
  const rest = cut(said.filter(Boolean).join(' · '), room - broken.length)
  const start = `${paint(clock(journey.start), 'quiet')} ${paint(sign, role)} ${fit(title, name)} `
  return start + paint(broken, 'failed') + paint(rest, 'quiet')
}

function clock(milliseconds: number): string {
  const moment = new Date(milliseconds)
  return Number.isNaN(moment.getTime()) ? '--:--:--' : moment.toTimeString().slice(0, 8)
}

import { styleText } from 'node:util'

/** What a piece of a terminal picture is, which decides its colour. */
export type Role = 'title' | 'quiet' | 'failed' | 'ok' | 'open' | `service${0 | 1 | 2 | 3 | 4 | 5}`

/** Puts a text into the colour of its role; without colours it returns the text as it is. */
export type Paint = (text: string, role: Role) => string

const formats = {
  title: 'bold',
  quiet: 'dim',
  failed: 'red',
  ok: 'green',
  open: 'yellow',
  service0: 'cyan',
  service1: 'magenta',
  service2: 'blue',
  service3: 'yellow',
  service4: 'cyanBright',
  service5: 'magentaBright',
} as const

/** Paints with ANSI colours, or not at all. */
export function createPaint(colors: boolean): Paint {
  return (text, role) => (colors && text !== '' ? styleText(formats[role], text, { validateStream: false }) : text)
}

/** The role of the n-th service; more than six share colours. */
export function serviceRole(index: number): Role {
  const all = ['service0', 'service1', 'service2', 'service3', 'service4', 'service5'] as const
  return all[Math.max(0, index) % all.length] ?? 'service0'
}

/** Whether standard output wants colours: `FORCE_COLOR` decides, then `NO_COLOR`, then whether it is a terminal. */
export function wantsColors(): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no } = process.env
  if (force !== undefined) return force !== '0' && force !== 'false'
  if (no !== undefined && no !== '') return false
  return process.stdout.isTTY
}

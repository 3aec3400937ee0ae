/** What a piece of a terminal picture is, which decides its colour. */
export type Role = 'title' | 'quiet' | 'failed' | 'ok' | 'open' | `service${0 | 1 | 2 | 3 | 4 | 5}`

/** Puts a text into the colour of its role; without colours it returns the text as it is. */
export type Paint = (text: string, role: Role) => string

const codes: Readonly<Record<Role, string>> = {
  title: '1',
  quiet: '2',
  failed: '31',
  ok: '32',
  open: '33',
  service0: '36',
  service1: '35',
  service2: '34',
  service3: '33',
  service4: '96',
  service5: '95',
}

/** Paints with ANSI colours, or not at all. */
export function createPaint(colors: boolean): Paint {
  return (text, role) => (colors && text !== '' ? `\u001b[${codes[role]}m${text}\u001b[0m` : text)
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

/** The colours of a drawing on a light page, each readable on white and apart from the others in grey; and on a dark one. */
const palette = {
  background: ['#ffffff', '#0d1117'],
  frame: ['#d8dee4', '#30363d'],
  text: ['#1f2328', '#e6edf3'],
  quiet: ['#5f6770', '#9aa4af'],
  tree: ['#afb8c1', '#57606a'],
  failed: ['#cf222e', '#ff6b66'],
  failedText: ['#a40e26', '#ff9c94'],
  failedRow: ['#fff5f5', '#2d1517'],
  open: ['#9a6700', '#e3b341'],
  ok: ['#1a7f37', '#57c56c'],
  link: ['#8250df', '#bc8cff'],
} as const

const services = [
  ['#0969da', '#58a6ff'],
  ['#1b7c83', '#56d4dd'],
  ['#bc6c00', '#f0a04b'],
  ['#656d76', '#8b949e'],
  ['#bf3989', '#ff80c8'],
  ['#54aeff', '#1f6feb'],
] as const

/** The light ones. */
export const colors = Object.fromEntries(Object.entries(palette).map(([name, [light]]) => [name, light])) as Readonly<
  Record<keyof typeof palette, string>
>

/** The colour of the n-th service; more than six share colours. */
export function serviceColor(index: number): string {
  return services[Math.max(0, index) % services.length]?.[0] ?? colors.quiet
}

/**
 * Where the reader prefers a dark page, each colour becomes another one. The drawing itself has the light ones as
 * attributes, for programs that read no style sheet.
 */
export const darkStyle: string = [
  '@media (prefers-color-scheme: dark) {',
  ...[...Object.values(palette), ...services].map(
    ([light, dark]) => `.tracebaton [fill="${light}"]{fill:${dark}}.tracebaton [stroke="${light}"]{stroke:${dark}}`,
  ),
  '}',
].join('')

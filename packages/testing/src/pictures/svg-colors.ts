/** The colours of a drawing, for a light background; each readable on white and apart from the others in grey. */
export const colors = {
  background: '#ffffff',
  frame: '#d8dee4',
  text: '#1f2328',
  quiet: '#5f6770',
  tree: '#afb8c1',
  failed: '#cf222e',
  failedText: '#a40e26',
  failedRow: '#fff5f5',
  open: '#9a6700',
  ok: '#1a7f37',
  link: '#8250df',
} as const

const darkColors: Readonly<Record<keyof typeof colors, string>> = {
  background: '#0d1117',
  frame: '#30363d',
  text: '#e6edf3',
  quiet: '#9aa4af',
  tree: '#57606a',
  failed: '#ff6b66',
  failedText: '#ff9c94',
  failedRow: '#2d1517',
  open: '#e3b341',
  ok: '#57c56c',
  link: '#bc8cff',
}

const services = ['#0969da', '#1b7c83', '#bc6c00', '#656d76', '#bf3989', '#54aeff'] as const
const darkServices = ['#58a6ff', '#56d4dd', '#f0a04b', '#8b949e', '#ff80c8', '#1f6feb'] as const

/** The colour of the n-th service; more than six share colours. */
export function serviceColor(index: number): string {
  return services[Math.max(0, index) % services.length] ?? colors.quiet
}

/**
 * Where the reader prefers a dark page, each colour becomes another one. The drawing itself has the light ones as
 * attributes, for programs that read no style sheet.
 */
export const darkStyle: string = [
  '@media (prefers-color-scheme: dark) {',
  ...Object.entries(colors).map(([name, light]) => darkened(light, darkColors[name as keyof typeof colors])),
  ...services.map((light, index) => darkened(light, darkServices[index] ?? light)),
  '}',
].join('')

function darkened(light: string, dark: string): string {
  return `.tracebaton [fill="${light}"]{fill:${dark}}.tracebaton [stroke="${light}"]{stroke:${dark}}`
}

/** The colours of a drawing, for a light background; each readable on white and apart from the others in grey. */
export const colors = {
  background: '#ffffff',
  frame: '#d8dee4',
  grid: '#eaeef2',
  text: '#1f2328',
  quiet: '#656d76',
  tree: '#afb8c1',
  failed: '#cf222e',
  failedText: '#a40e26',
  failedRow: '#fff5f5',
  open: '#9a6700',
  ok: '#1a7f37',
  link: '#8250df',
} as const

const services = ['#0969da', '#1b7c83', '#bc6c00', '#57606a', '#bf3989', '#54aeff'] as const

/** The colour of the n-th service; more than six share colours. */
export function serviceColor(index: number): string {
  return services[Math.max(0, index) % services.length] ?? colors.quiet
}

import { figuresOf } from './figures.js'
import { gateOf } from './gates.js'

const MODES = { sampled: '#3b6ea8', 'not sampled': '#7aa6d1', 'no SDK': '#bcd3ea' }
const [LEFT, WIDTH, BAR, GAP] = [150, 640, 11, 14]
/** A bar that is longer ends here. */
const MOST = 4

/** Bars: our added CPU time, divided by that of the official instrumentation. A line across each bar is its gate. */
export function drawPicture({ cpu, commit }) {
  const x = (ratio) => LEFT + (Math.min(Math.max(ratio, 0), MOST) / MOST) * WIDTH
  const parts = []
  let y = 60
  for (const [path, modes] of Object.entries(cpu)) {
    parts.push(`<text x="${LEFT - 8}" y="${y + BAR * 2}" text-anchor="end">${path}</text>`)
    for (const [mode, color] of Object.entries(MODES)) {
      const { median } = (modes[mode] && figuresOf(modes[mode]).official?.ratio) ?? {}
      if (median !== undefined) {
        const gate = x(gateOf(path, mode)).toFixed(1)
        parts.push(
          `<rect x="${LEFT}" y="${y}" width="${(x(median) - LEFT).toFixed(1)}" height="${BAR}" fill="${color}"/>`,
          `<line x1="${gate}" x2="${gate}" y1="${y - 1}" y2="${y + BAR}" stroke="#b3261e" stroke-width="2"/>`,
          `<text x="${x(median) + 4}" y="${y + BAR - 2}">${median.toFixed(2)}</text>`,
        )
      }
      y += BAR
    }
    y += GAP
  }
  const official = x(1)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 60}" height="${y + 10}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="10" y="20" font-size="14">Added CPU time per message, divided by that of the official instrumentation (${commit})</text>
${Object.entries(MODES)
  .map(
    ([mode, color], index) =>
      `<rect x="${10 + index * 110}" y="30" width="10" height="10" fill="${color}"/><text x="${24 + index * 110}" y="39">${mode}</text>`,
  )
  .join('\n')}
<rect x="340" y="30" width="2" height="10" fill="#b3261e"/><text x="348" y="39">gate</text>
<line x1="${official}" x2="${official}" y1="50" y2="${y}" stroke="#999" stroke-dasharray="3 3"/>
${parts.join('\n')}
</svg>
`
}

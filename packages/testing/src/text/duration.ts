/** A duration in ms for people: `40 µs`, `3.2 ms`, `41 ms`, `1.0 s`, `2 min 5 s`, `3 h 20 min`, `2 d 3 h`. */
export function durationText(milliseconds: number): string {
  const ms = Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0
  if (ms === 0) return '0 ms'
  if (ms < 0.9995) return `${Math.max(1, Math.round(ms * 1000))} µs`
  if (ms < 9.95) return `${trimmed(ms)} ms`
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return twoUnits(seconds, 60, 'min', 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return twoUnits(minutes, 60, 'h', 'min')
  const hours = Math.round(minutes / 60)
  if (hours < 100 * 24) return twoUnits(hours, 24, 'd', 'h')
  return hours < 100_000 * 24 ? `${Math.round(hours / 24)} d` : '> 99999 d'
}

function trimmed(value: number): string {
  return value.toFixed(1).replace('.0', '')
}

function twoUnits(value: number, size: number, unit: string, restUnit: string): string {
  const whole = `${Math.floor(value / size)} ${unit}`
  const rest = value % size
  return rest === 0 ? whole : `${whole} ${rest} ${restUnit}`
}

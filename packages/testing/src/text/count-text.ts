/** A number of things: `1 span`, `2 spans`. */
export function countText(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : thing.endsWith('s') ? 'es' : 's'}`
}

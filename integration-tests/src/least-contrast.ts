/** Runs in the page: the text with the least contrast to its background, by the formula of WCAG 2. */
export function leastContrast(): { ratio: number; text: string } {
  const { document } = globalThis
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgb = (color: string): number[] => {
    if (!canvas) return []
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = rgb(color).map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const behind = (element: Element): string => {
    for (let current: Element | null = element; current; current = current.parentElement) {
      const { backgroundColor } = getComputedStyle(current)
      if (rgb(backgroundColor)[3] === 255) return backgroundColor
    }
    return 'white'
  }
  let weakest = { ratio: 21, text: '' }
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
    if (!own) continue
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))]
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    if (ratio < weakest.ratio) weakest = { ratio, text: element.textContent ?? '' }
  }
  return weakest
}

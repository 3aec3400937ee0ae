/**
 * Runs in the page: what is wrong with the places of the texts below an element. Texts that cover each other, and texts
 * and shapes that stick out of its sides. What the reader has to scroll to inside of it is not looked at.
 */
export function misplacedTexts(selector: string): string[] {
  const { document } = globalThis
  const tolerance = 2
  const problems: string[] = []
  const places: { readonly rect: DOMRect; readonly text: string }[] = []

  /** The lines of text below an element; one of an SVG is measured as a whole, because letters may be squeezed. */
  function lines(root: Element): { readonly rect: DOMRect; readonly text: string }[] {
    if (root.tagName === 'svg') {
      return [...root.querySelectorAll('text')].map((text) => ({
        rect: text.getBoundingClientRect(),
        text: text.textContent,
      }))
    }
    const found: { readonly rect: DOMRect; readonly text: string }[] = []
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement?.closest('.hidden, .wide')) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const rect of range.getClientRects()) found.push({ rect, text: node.textContent ?? '' })
    }
    return found
  }

  for (const root of document.querySelectorAll(selector)) {
    const around = root.getBoundingClientRect()
    const sticksOut = ({ left, right }: DOMRect): boolean =>
      left < around.left - tolerance || right > around.right + tolerance
    for (const line of lines(root)) {
      if (line.rect.width === 0 || line.text.trim() === '') continue
      places.push(line)
      if (sticksOut(line.rect)) problems.push(`sticks out: ${line.text.slice(0, 60)}`)
    }
    for (const shape of root.querySelectorAll('rect, path, circle, .bar, .wait')) {
      const rect = shape.getBoundingClientRect()
      const isOver = rect.top < around.top - tolerance || rect.bottom > around.bottom + tolerance
      if (!shape.closest('defs') && (isOver || sticksOut(rect)))
        problems.push(`sticks out: ${shape.outerHTML.slice(0, 80)}`)
    }
  }
  places.sort((one, other) => one.rect.top - other.rect.top)
  for (const [index, { rect, text }] of places.entries()) {
    for (let next = index + 1; next < places.length; next += 1) {
      const other = places[next]
      // Lines of text have some air above and below their letters.
      if (!other || other.rect.top + 6 >= rect.bottom) break
      const common = Math.min(rect.right, other.rect.right) - Math.max(rect.left, other.rect.left)
      if (common > tolerance) problems.push(`covered: ${text.slice(0, 60)} | ${other.text.slice(0, 60)}`)
    }
  }
  return problems
}

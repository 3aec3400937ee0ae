/** Whether markup is elements that are all closed in order, quoted attributes, and text without loose `<` and `&`. */
export function wellFormed(markup: string): boolean {
  const open: string[] = []
  let rest = markup
  while (rest !== '') {
    const part = /^(?:<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>|[^<&]+|&(?:amp|lt|gt|quot|#\d+);)/.exec(rest)
    if (!part) return false
    const [text, closing, name, attributes = '', empty] = part
    if (/&(?!(?:amp|lt|gt|quot|#\d+);)/.test(attributes)) return false
    if (name !== undefined && closing === '/' && open.pop() !== name) return false
    if (name !== undefined && closing === '' && empty === '') open.push(name)
    rest = rest.slice(text.length)
  }
  return open.length === 0
}

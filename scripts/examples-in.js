const LANGUAGES = new Set(['ts', 'typescript', 'mts', 'js', 'javascript', 'mjs'])
const FENCE = /^(?<indent>\s*)(?<fence>`{3,}|~{3,})(?<language>\w*)/
const GIVEN = /<!--\s*given:(?<code>(?:(?!-->)[\s\S])*)-->\s*$/

/**
 * The examples of a Markdown page: `{ page, line, heading, code }` with the line of the opening fence, and the heading
 * that it stands below, as it is written: `## Testing`.
 * Lines of `code` have the numbers they have on the page, so that the compiler's messages fit the page.
 */
export function examplesIn(page, text) {
  const lines = text.split('\n')
  const examples = []
  let heading = ''
  for (let start = 0; start < lines.length; start++) {
    const opening = FENCE.exec(lines[start])?.groups
    if (opening === undefined) {
      if (/^#{1,6} /.test(lines[start])) heading = lines[start]
      continue
    }
    const closing = lines.findIndex((line, index) => index > start && line.trim().startsWith(opening.fence))
    const end = closing === -1 ? lines.length : closing
    if (LANGUAGES.has(opening.language)) {
      const given = GIVEN.exec(lines.slice(0, start).join('\n'))?.groups.code ?? ''
      const before = `export {}; ${given.replaceAll(/\s*\n\s*/g, ' ').trim()}`
      const body = lines.slice(start + 1, end).join('\n')
      examples.push({ page, line: start + 1, heading, code: `${'\n'.repeat(start)}${before}\n${body}\n` })
    }
    start = end
  }
  return examples
}

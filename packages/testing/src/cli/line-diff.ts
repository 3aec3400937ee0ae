/** One line of two texts beside each other. */
export interface DiffLine {
  /** In both, in the first only, in the second only. */
  readonly where: 'both' | 'first' | 'second'
  readonly text: string
}

// The table of the longest common part has a cell for each pair of lines.
const mostCells = 20_000_000

/** What has to be taken out of the first text and put in to get the second, with as many lines in common as there are. */
export function diffLines(first: readonly string[], second: readonly string[]): DiffLine[] {
  let start = 0
  while (start < first.length && start < second.length && first[start] === second[start]) start += 1
  let end = 0
  while (
    end < first.length - start &&
    end < second.length - start &&
    first[first.length - 1 - end] === second[second.length - 1 - end]
  ) {
    end += 1
  }
  const middle = between(first.slice(start, first.length - end), second.slice(start, second.length - end))
  return [...same(first.slice(0, start)), ...middle, ...same(first.slice(first.length - end))]
}

function between(first: readonly string[], second: readonly string[]): DiffLine[] {
  const width = second.length + 1
  // Long lines that differ at their end would be compared as often as there are cells.
  const numbers = new Map([...first, ...second].map((text, index) => [text, index]))
  const numbered = (texts: readonly string[]) => texts.map((text) => numbers.get(text))
  const [one, other] = [numbered(first), numbered(second)]
  if (first.length * width > mostCells) {
    return [...only('first', first), ...only('second', second)]
  }
  const common = new Uint32Array((first.length + 1) * width)
  for (let row = first.length - 1; row >= 0; row -= 1) {
    for (let column = second.length - 1; column >= 0; column -= 1) {
      const at = row * width + column
      common[at] =
        one[row] === other[column]
          ? (common[at + width + 1] ?? 0) + 1
          : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0)
    }
  }
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < first.length && column < second.length) {
    const at = row * width + column
    if (one[row] === other[column]) {
      lines.push({ where: 'both', text: first[row] ?? '' })
      row += 1
      column += 1
    } else if ((common[at + width] ?? 0) >= (common[at + 1] ?? 0)) {
      lines.push({ where: 'first', text: first[row] ?? '' })
      row += 1
    } else {
      lines.push({ where: 'second', text: second[column] ?? '' })
      column += 1
    }
  }
  return [...lines, ...only('first', first.slice(row)), ...only('second', second.slice(column))]
}

function same(texts: readonly string[]): DiffLine[] {
  return texts.map((text) => ({ where: 'both', text }))
}

function only(where: 'first' | 'second', texts: readonly string[]): DiffLine[] {
  return texts.map((text) => ({ where, text }))
}

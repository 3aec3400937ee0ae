/** Parts in lines, in each as many as fit; one that fits nowhere has a line of its own. */
export function wrapped<Part>(parts: readonly Part[], fits: (line: readonly Part[]) => boolean): Part[][] {
  const lines: Part[][] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last && fits([...last, part])) last.push(part)
    else lines.push([part])
  }
  return lines
}

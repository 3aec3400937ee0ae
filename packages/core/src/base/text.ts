/** A name on one line, as spans may say it: up to 256 characters, none of them for control or broken, not empty. */
export function headerName(text: string): string | undefined {
  return headerText(text)?.replace(/[\t\n\r]/g, ' ')
}

/** The same for a text of several lines, that every broker takes as a header. */
export function headerText(text: string): string | undefined {
  return fit(text, 256, '…')
}

/** The same for a stack: up to 4,096 characters. */
export function headerStack(text: string): string | undefined {
  return fit(text, 4096, '\n… (cut)')
}

/** @param mark what stands at the end of a text that was cut */
function fit(text: string, most: number, mark: string): string | undefined {
  const cut = text.length > most ? text.slice(0, most - mark.length) : text
  const whole = cut === text ? text : cut.replace(/[\uD800-\uDBFF]$/, '') + mark
  return whole.replace(/(?![\t\n\r])[\p{Cc}\p{Cn}\p{Cs}]/gu, ' ').trim() || undefined
}

/** `scheme://user:password@host`: a password may hold any character but a space, and even an `@`. */
export function withoutCredentials(text: string): string {
  return text.replace(/[^\s"'<>]+/g, (word) => {
    const start = word.indexOf('://')
    const end = word.lastIndexOf('@')
    return start >= 0 && end > start ? `${word.slice(0, start + 3)}***${word.slice(end)}` : word
  })
}

/** One example of a Markdown page. */
export interface Example {
  readonly page: string
  /** The line of the opening fence. */
  readonly line: number
  /** The heading that it stands below, as it is written: `## Testing`. */
  readonly heading: string
  readonly code: string
}

export function examplesIn(page: string, text: string): Example[]

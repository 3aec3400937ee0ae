import { lastLine, run } from './command.ts'

/** How long a registry may take to answer at all, in ms. */
const answerWithin = 8_000
/** How long the layers may take, in ms. */
const finishWithin = 600_000

/**
 * Pulls an image. A registry that cannot be reached is given up after a few seconds, one that has answered is waited
 * for. Resolves to undefined, or to the reason why there is no image. Never rejects.
 */
export async function pull(image: string): Promise<string | undefined> {
  const abort = new AbortController()
  let timer = setTimeout(() => {
    abort.abort()
  }, answerWithin)
  let answered = false
  const result = await run('docker', ['pull', image], {
    signal: abort.signal,
    // The first line comes once the registry has described the image.
    onLine: () => {
      if (!answered) {
        answered = true
        clearTimeout(timer)
        timer = setTimeout(() => {
          abort.abort()
        }, finishWithin)
      }
    },
  })
  clearTimeout(timer)
  if (result.code === 0) {
    return undefined
  }
  return abort.signal.aborted ? 'the image registry does not answer' : lastLine(result.stderr)
}

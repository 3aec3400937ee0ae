/** ms that a job waits for what is ours. */
const PATIENCE = 1_000

/** Waits for work, not for ever, and not for its success: `undefined` where it fails or takes too long. */
export async function patiently<Result>(work: () => Promise<Result> | Result): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE)
  })
  try {
    return (await Promise.race([Promise.resolve().then(work), late])) ?? undefined
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

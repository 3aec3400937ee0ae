/** Prints one line to stderr: stdout belongs to the test reporters. */
export function say(line: string): void {
  process.stderr.write(`brokers: ${line}\n`)
}

/** Runs work and, when it takes more than two seconds, says what it is and then how long it has taken, every five seconds. */
export async function announced<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now()
  const seconds = (): string => `${Math.round((performance.now() - start) / 1000)} s`
  let spoken = false
  let timer = setTimeout(function speak() {
    say(spoken ? `${what}, ${seconds()}` : what)
    spoken = true
    timer = setTimeout(speak, 5000)
  }, 2000)
  try {
    const result = await work()
    if (spoken) {
      say(`${what}: done in ${seconds()}`)
    }
    return result
  } finally {
    clearTimeout(timer)
  }
}

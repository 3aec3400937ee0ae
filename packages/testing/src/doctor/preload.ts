import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { diagnoseApplication } from './diagnose.ts'
import { diagnosisText } from './diagnosis.ts'

const asks = /@tracebaton\/testing\/(?:dist\/\w+\/)?doctor/

/**
 * In a process that was started as `node --import @tracebaton/testing/doctor app.js`, prints what is found to standard
 * error, once: when the application has had time to make its clients, or when it ends. Elsewhere it does nothing.
 */
export function reportWhereAsked(): void {
  const asked = asks.test([...process.execArgv, process.env['NODE_OPTIONS']].join(' '))
  if (!asked || !isMainThread) return
  const after = Number(process.env['TRACEBATON_DOCTOR_AFTER'] ?? 10_000)
  let said = false
  const report = (write: (text: string) => void): void => {
    if (said) return
    said = true
    try {
      const found = diagnoseApplication(process.cwd())
      write(`\ntracebaton doctor:\n${diagnosisText(found, { colors: process.stderr.isTTY })}`)
    } catch {
      // The application must not notice that it is looked at.
    }
  }
  // Managers of processes may put a log of theirs in the place of the stream. At the end of a process only what is written
  // at once is written.
  setTimeout(() => report((text) => process.stderr.write(text)), Number.isFinite(after) ? after : 10_000).unref()
  process.once('exit', () => report((text) => writeSync(2, text)))
}

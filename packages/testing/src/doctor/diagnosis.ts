import { createPaint } from '../text/colors.ts'
import { clean } from '../text/display-text.ts'

/** Everything that can be said about a project, by the name that stands in reports. */
export type DiagnosisId =
  | 'sdk'
  | 'propagator'
  | 'context-manager'
  | 'sdk-version'
  | 'api-copies'
  | 'client-version'
  | 'instrumentation'
  | 'not-patched'
  | 'sqs-attributes'
  | 'bullmq-telemetry'
  | 'round-trip'

/** One thing that was looked at. */
export interface Diagnosis {
  readonly id: DiagnosisId
  /** `ill`: traces break. `doubtful`: they break under some condition. `well`: this is as it should be. */
  readonly state: 'ill' | 'doubtful' | 'well'
  /** What was found, in a sentence. */
  readonly finding: string
  /** What to do. */
  readonly advice?: string
}

type Say = (id: DiagnosisId, finding: string, advice?: string) => Diagnosis

/** Says that traces break. */
export const ill: Say = saying('ill')
/** Says that traces break under some condition. */
export const doubtful: Say = saying('doubtful')
/** Says that something is as it should be. */
export const well: Say = saying('well')

function saying(state: Diagnosis['state']): Say {
  return (id, finding, advice) => ({ id, state, finding, ...(advice !== undefined && { advice }) })
}

const marks = { ill: ['✗', 'failed'], doubtful: ['?', 'open'], well: ['✓', 'ok'] } as const

/** Diagnoses for people, the worst first, a line each and a line of advice below. */
export function diagnosisText(diagnoses: readonly Diagnosis[], options: { readonly colors?: boolean } = {}): string {
  const paint = createPaint(options.colors === true)
  const states = ['ill', 'doubtful', 'well'] as const
  const sorted = states.flatMap((state) => diagnoses.filter((diagnosis) => diagnosis.state === state))
  const width = Math.max(0, ...sorted.map(({ id }) => id.length))
  return sorted
    .map(({ id, state, finding, advice }) => {
      const [sign, role] = marks[state]
      const rest = advice === undefined ? '' : `\n  ${' '.repeat(width)}  ${paint(clean(advice), 'quiet')}`
      return `${paint(sign, role)} ${id.padEnd(width)}  ${clean(finding)}${rest}\n`
    })
    .join('')
}

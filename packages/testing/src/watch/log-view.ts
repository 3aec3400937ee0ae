import { createPaint } from '../text/colors.ts'
import { journeyLine } from './journey-line.ts'
import type { Change, JourneySummary } from './protocol.ts'

/** Where no person sits at the terminal: a line for each journey once it is quiet, and again when it has changed. */
export function createLogView(
  print: (text: string) => void,
  { columns = 160, colors }: { readonly columns: number | undefined; readonly colors: boolean },
): { apply(change: Change): void } {
  const paint = createPaint(colors)
  const printed = new Map<string, string>()
  return {
    apply({ journeys, gone }) {
      for (const id of gone) printed.delete(id)
      for (const journey of journeys) {
        if (journey.findings === undefined || printed.get(journey.id) === shapeOf(journey)) continue
        printed.set(journey.id, shapeOf(journey))
        print(`${journeyLine(journey, columns, paint)}\n`)
      }
    },
  }
}

function shapeOf({ state, spans, findings }: JourneySummary): string {
  return [state, spans, findings].join()
}

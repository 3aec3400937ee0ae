import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Scenario } from '../scenario.ts'
import type { TracingOptions } from '@tracebaton/core'

const CURRENT = 'messaging.system.name'
const OLDER = 'messaging.system'

const SETS: Readonly<Record<NonNullable<TracingOptions['convention']>, readonly string[]>> = {
  compatible: [OLDER, CURRENT],
  '1.45': [CURRENT],
  '1.44': [OLDER],
}

/** The names on spans and metrics. */
export const conventionScenarios: readonly Scenario[] = Object.entries(SETS).map(([convention, names]) =>
  namesOf(convention as keyof typeof SETS, names),
)

function namesOf(convention: keyof typeof SETS, names: readonly string[]): Scenario {
  return {
    name: `spans and metrics use the names of the convention that was asked for: ${convention}`,
    async run(stage) {
      const client = await stage.client({ convention })
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      await (await stage.handle(client, destination)).ended(1)
      expect(stage.recorder.spans.length).toBeGreaterThan(1)
      const expected = (name: string): unknown => (name === OLDER ? expect.any(String) : stage.fixture.system)
      const attributes = [OLDER, CURRENT].map((name) => [name, names.includes(name) ? expected(name) : undefined])
      for (const span of stage.recorder.spans) assertSpan(span, { attributes: Object.fromEntries(attributes) })
      for (const name of names) {
        expect(await stage.metering.labels('messaging.process.duration', name)).toEqual([expect.any(String)])
      }
    },
  }
}

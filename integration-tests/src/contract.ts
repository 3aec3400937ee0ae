import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Capabilities } from './contract/capability.ts'
import type { Fixture, Setup } from './contract/fixture.ts'
import { openGoldenFile, type GoldenFile } from './contract/golden-file.ts'
import { goldenText } from './contract/golden.ts'
import { lacking, type Scenario } from './contract/scenario.ts'
import { attemptScenarios } from './contract/scenarios/attempts.ts'
import { batchScenarios } from './contract/scenarios/batches.ts'
import { concurrencyScenarios } from './contract/scenarios/concurrency.ts'
import { conventionScenarios } from './contract/scenarios/conventions.ts'
import { failureScenarios } from './contract/scenarios/failures.ts'
import { handlerScenarios } from './contract/scenarios/handlers.ts'
import { headerScenarios } from './contract/scenarios/headers.ts'
import { journeyScenarios } from './contract/scenarios/journeys.ts'
import { metricScenarios } from './contract/scenarios/metrics.ts'
import { moveScenarios } from './contract/scenarios/moves.ts'
import { policyScenarios } from './contract/scenarios/policies.ts'
import { processScenarios } from './contract/scenarios/processes.ts'
import { propagatorScenarios } from './contract/scenarios/propagators.ts'
import { relationScenarios } from './contract/scenarios/relation.ts'
import { restartScenarios } from './contract/scenarios/restart.ts'
import { sendingScenarios } from './contract/scenarios/sending.ts'
import { storyScenarios } from './contract/scenarios/story.ts'
import { terminalScenarios } from './contract/scenarios/terminal.ts'
import { toldScenarios } from './contract/scenarios/told.ts'
import { wireScenarios } from './contract/scenarios/wire.ts'
import { expectSound } from './contract/expectations.ts'
import { createStage } from './contract/stage.ts'

/** Everything an adapter has to do. The slowest first, because they run side by side. */
export const scenarios: readonly Scenario[] = [
  ...restartScenarios,
  ...processScenarios,
  ...storyScenarios,
  ...moveScenarios,
  ...journeyScenarios,
  ...toldScenarios,
  ...terminalScenarios,
  ...concurrencyScenarios,
  ...relationScenarios,
  ...headerScenarios,
  ...sendingScenarios,
  ...handlerScenarios,
  ...failureScenarios,
  ...batchScenarios,
  ...attemptScenarios,
  ...policyScenarios,
  ...propagatorScenarios,
  ...wireScenarios,
  ...metricScenarios,
  ...conventionScenarios,
]

/** A set-up that plays what another one has played. */
export interface Replay {
  /** The other set-up: the scenarios do the same here as there. */
  readonly golden: string
  /** The names of the scenarios that are played. @default all of them */
  readonly only?: ReadonlySet<string> | undefined
  /** Words of this set-up, and the other one's for the same. @default none differ */
  readonly words?: Readonly<Record<string, string>> | undefined
}

/**
 * Registers the suite that every adapter passes, as vitest tests that run side by side. A scenario that needs a
 * capability which is missing is not registered. After each one, whatever it was about: every span that was started has
 * ended, nothing is in flight, no failure was contained without the scenario knowing, and its spans, messages and
 * metrics are those of the golden file.
 *
 * @returns the names of the scenarios that are played
 */
export function contract(name: string, setup: Setup, capabilities: Capabilities, replay?: Replay): readonly string[] {
  const played = scenarios.filter(
    (scenario) => lacking(scenario, capabilities).length === 0 && replay?.only?.has(scenario.name) !== false,
  )
  describe.concurrent(`${name}: the contract of adapters`, () => {
    const known = new Set(scenarios.map((scenario) => scenario.name))
    let shared: Fixture
    let golden: GoldenFile
    beforeAll(async () => {
      golden = await openGoldenFile(replay?.golden ?? name, known, replay !== undefined)
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
      shared = await setup(false)
    })
    afterAll(async () => {
      await shared[Symbol.asyncDispose]()
      await golden.save()
    })

    test('each entry of the golden file is of a scenario', () => {
      expect(golden.names.filter((entry) => !known.has(entry))).toEqual([])
    })

    for (const scenario of played) {
      // oxlint-disable-next-line vitest/valid-title -- the scenario has it
      test(scenario.name, async () => {
        if (scenario.alone !== true) return expectPlayed(scenario, shared, golden, replay)
        await using fixture = await setup(true)
        return await expectPlayed(scenario, fixture, golden, replay)
      })
    }
  })
  return played.map((scenario) => scenario.name)
}

async function expectPlayed(
  scenario: Scenario,
  fixture: Fixture,
  golden: GoldenFile,
  replay: Replay | undefined,
): Promise<void> {
  const stage = createStage(fixture)
  try {
    await scenario.run(stage)
  } finally {
    await stage.close()
  }
  expectSound(stage.recorder, scenario.provokes)
  expect(await stage.metering.counted('tracebaton.in_flight'), 'messages in flight').toBe(0)
  expect(await stage.metering.counted('tracebaton.queue.oldest_age'), 'age of messages at hand').toBe(0)
  expect(stage.failures, 'contained failures').toEqual([])
  const text = await goldenText(stage, scenario.varies !== undefined)
  golden.expectSame(scenario.name, translated(text, replay?.words))
}

function translated(text: string, words: Replay['words'] = {}): string {
  return Object.entries(words).reduce((done, [own, other]) => done.replaceAll(own, other), text)
}

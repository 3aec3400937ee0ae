import type { CapabilityName, Capabilities } from './capability.ts'
import type { Stage } from './stage.ts'

/** One sentence that has to be true for every adapter. */
export interface Scenario {
  /** The sentence. */
  readonly name: string
  /** What the broker has to be able to do. @default nothing special */
  readonly needs?: readonly CapabilityName[]
  /** Restarts the broker, so it gets one of its own. @default false */
  readonly alone?: boolean
  /** Rules of the test kit that the scenario breaks on purpose. @default none */
  readonly provokes?: readonly string[]
  /** Why deliveries differ between runs: the golden file then has only the messages sent. @default they do not */
  readonly varies?: string
  readonly run: (stage: Stage) => Promise<void>
}

/** The capabilities that a scenario needs and does not find. Where there is one, the scenario is not registered. */
export function lacking(scenario: Scenario, capabilities: Capabilities): CapabilityName[] {
  return (scenario.needs ?? []).filter((name) => capabilities[name] !== true)
}

import { markdownTable } from '../../scripts/markdown-table.js'
import { CAPABILITIES, type Capabilities, type CapabilityName } from './contract/capability.ts'
import { lacking, type Scenario } from './contract/scenario.ts'

/** An adapter as it stands at the head of a column. */
export interface Column {
  readonly name: string
  readonly capabilities: Capabilities
}

/** The page `docs/capabilities.md`: what each broker can do, why not, and which scenarios it is spared for that. */
export function capabilityPage(columns: readonly Column[], scenarios: readonly Scenario[]): string {
  const names = Object.keys(CAPABILITIES) as CapabilityName[]
  const spared = columns.flatMap(({ name, capabilities }) =>
    scenarios.flatMap((scenario) =>
      lacking(scenario, capabilities).map((capability) => [name, scenario.name, `\`${capability}\``]),
    ),
  )
  const reasons = columns.flatMap(({ name, capabilities }) =>
    names.flatMap((capability) => {
      const value = capabilities[capability]
      return value === true ? [] : [[name, `\`${capability}\``, value.because]]
    }),
  )
  return [
    '# What each broker can do',
    'Every adapter passes the same suite, on its real broker. A scenario that needs what a broker or its client cannot do is not run there; these tables name all of them. They are generated: after a change, `npx vitest run --project integration capabilities -u`.',
    '## Capabilities',
    markdownTable(
      ['capability', 'meaning', ...columns.map(({ name }) => name)],
      names.map((capability) => {
        const answers = columns.map(({ capabilities }) => (capabilities[capability] === true ? 'yes' : 'no'))
        return [`\`${capability}\``, CAPABILITIES[capability]].concat(answers)
      }),
    ),
    '## Why not',
    markdownTable(['adapter', 'capability', 'reason'], reasons),
    '## Scenarios that are not run',
    `Of ${scenarios.length}.`,
    markdownTable(['adapter', 'scenario', 'for want of'], spared),
  ]
    .join('\n\n')
    .concat('\n')
}

// A reporter that adds up what sweeps have tried, over all files and processes of a run. A sweep tells its numbers as
// `task.meta`, by the kind of what it tried.
const kinds = {
  seams: 'seams × operations',
  carriers: 'hostile carriers × operations',
}

/** @implements {import('vitest/node').Reporter} */
export class Totals {
  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    for (const line of totalsOf(
      modules.flatMap((module) => [...module.children.allTests()].map((test) => test.meta())),
    )) {
      process.stdout.write(`${line}\n`)
    }
  }
}

/** @param {readonly Partial<Record<string, { combinations: number, changed: number }>>[]} metas */
export function totalsOf(metas) {
  return Object.entries(kinds).flatMap(([kind, name]) => {
    const told = metas.flatMap((meta) => meta[kind] ?? [])
    if (told.length === 0) return []
    const sum = (/** @type {'combinations' | 'changed'} */ what) => told.reduce((all, one) => all + one[what], 0)
    return [`${name}: ${sum('combinations')} combinations in ${told.length} sweeps, ${sum('changed')} changed results`]
  })
}

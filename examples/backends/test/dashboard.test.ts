import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { dashboardText } from '../src/dashboard.ts'

const FILE = new URL('../grafana/dashboards/queues.json', import.meta.url)

test('the dashboard that Grafana reads is the one of the source', async () => {
  // Written anew by `npm run dashboards -w example-backends`.
  expect(await readFile(FILE, 'utf8')).toBe(dashboardText())
})

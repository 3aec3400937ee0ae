import { writeFileSync } from 'node:fs'
import { dashboardText } from './dashboard.ts'

writeFileSync(new URL('../grafana/dashboards/queues.json', import.meta.url), dashboardText())

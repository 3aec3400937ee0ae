import {
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { panelOf } from './panels.ts'
import { FAILURES, SIGNALS } from './questions.ts'

/** The dashboard: how queues are, and what becomes of messages that fail. */
function dashboard(): Dashboard {
  const destination = new QueryVariableBuilder('destination')
    .label('Destination')
    .datasource({ type: 'prometheus', uid: 'prometheus' })
    .query('label_values(tracebaton_deliveries_total, messaging_destination_name)')
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
  const builder = new DashboardBuilder('Queues')
    .uid('tracebaton-queues')
    .tags(['tracebaton'])
    .description('Queues, by the metrics of tracebaton and of the spans.')
    .time({ from: 'now-15m', to: 'now' })
    .timezone('browser')
    .refresh('5s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(destination)
  builder.withRow(new RowBuilder('Golden signals'))
  for (const question of SIGNALS) builder.withPanel(panelOf(question))
  builder.withRow(new RowBuilder('What fails'))
  for (const question of FAILURES) builder.withPanel(panelOf(question))
  return builder.build()
}

/** As it stands in the file that Grafana reads. */
export function dashboardText(): string {
  return `${JSON.stringify(dashboard(), null, 2)}\n`
}

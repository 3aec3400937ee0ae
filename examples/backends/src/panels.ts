import { LegendDisplayMode, LegendPlacement, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common'
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** The data sources that the compose file provides. */
const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' }
const JAEGER = 'jaeger'

/** One question about queues, as a panel. */
export interface Question {
  readonly title: string
  /** What the answer says, for people who are not sure. */
  readonly description: string
  /** As Grafana calls it: `s`, `reqps`, `percentunit`. */
  readonly unit: string
  readonly queries: readonly Query[]
  /**
   * A query of Jaeger's search, in its own form of tags: the panel leads to the traces that it finds.
   * @default no link
   */
  readonly traces?: Readonly<Record<string, string>>
}

/** One line, or one line for each value of its labels. */
export interface Query {
  readonly expression: string
  readonly legend: string
  /**
   * Whether it shows points that lead to single traces.
   * @default false
   */
  readonly exemplars?: boolean
}

/** A panel over time. */
export function panelOf({ title, description, unit, queries, traces }: Question): PanelBuilder {
  const panel = new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(PROMETHEUS)
    .unit(unit)
    .min(0)
    .height(8)
    .span(8)
    .fillOpacity(10)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
  queries.forEach(({ expression, legend, exemplars = false }, index) => {
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCodePoint(65 + index))
        .datasource(PROMETHEUS)
        .expr(expression)
        .legendFormat(legend)
        .exemplar(exemplars)
        .range(),
    )
  })
  if (traces !== undefined) {
    panel.links([
      new DashboardLinkBuilder('Traces').type(DashboardLinkType.Link).url(searchOf(traces)).targetBlank(true),
    ])
  }
  return panel
}

/** Grafana's page for a search in Jaeger. */
function searchOf(tags: Readonly<Record<string, string>>): string {
  const written = Object.entries(tags)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ')
  const query = { refId: 'A', queryType: 'search', tags: written, datasource: { type: 'jaeger', uid: JAEGER } }
  const panes = { traces: { datasource: JAEGER, queries: [query], range: { from: 'now-1h', to: 'now' } } }
  return `/explore?${new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify(panes) }).toString()}`
}

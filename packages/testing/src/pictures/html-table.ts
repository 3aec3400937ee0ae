import { linkMention, mention, missingParent, type Places } from './html-places.ts'
import { attributes, markup, middleCut, type Content } from './markup.ts'
import type { Picture, PictureBlock, PictureRow } from './picture.ts'
import { axisMarks } from './axis.ts'
import type { TimeScale } from './time-scale.ts'

const states = { ok: ['●', 'ok'], failed: ['✗', 'failed'], open: ['◌', 'still open'] } as const

const mostName = 64
const mostService = 32
const mostSaid = 120

// A batch can link a hundred messages; all of them stand with the span's details.
const most = 8

/** The waterfalls as tables, one for each story: a row per span, its links leading to other rows. */
export function pictureTables(drawn: Picture, places: Places): Content {
  const many = drawn.blocks.length > 1
  return drawn.blocks.map((block, index) => {
    const id = many ? `story-${index}` : 'picture-heading'
    const heading = many ? storyHeading(block, id) : undefined
    return markup`<div class="story">${heading}${storyTable(block, id, drawn, places)}</div>`
  })
}

function storyHeading({ name, facts }: PictureBlock, id: string): Content {
  return markup`<h3 id="${id}">${middleCut(name, mostName)} <small>${facts}</small></h3>`
}

function storyTable({ scale, rows }: PictureBlock, heading: string, drawn: Picture, places: Places): Content {
  // However deep the tree is, names keep their room.
  const depth = rows.reduce((deepest, { place }) => Math.max(deepest, place.guides.length), 1)
  const step = Math.min(1.1, 5 / depth).toFixed(3)
  return markup`<table class="picture" aria-labelledby="${heading}" style="--step: ${step}rem">
    <thead><tr>
      <th scope="col" class="name">Span</th>
      <th scope="col" class="service">Service</th>
      <th scope="col" class="time"><div class="track">${axis(scale)}</div></th>
      <th scope="col" class="number">Duration</th>
      <th scope="col" class="happened">What happened</th>
    </tr></thead>
    <tbody>${rows.map((row) => rowMarkup(row, scale, drawn, places))}</tbody>
  </table>`
}

function rowMarkup(row: PictureRow, scale: TimeScale, drawn: Picture, places: Places): Content {
  const { node, guides } = row.place
  const place = places.get(node)
  const [sign, meaning] = states[row.state]
  const color = Math.max(0, drawn.services.indexOf(row.service)) % 6
  const attempt = row.attempt && markup` <small>${row.attempt}</small>`
  const service = row.service && markup`<span class="dot"></span>${middleCut(row.service, mostService)}`
  return markup`<tr id="${place?.row}" class="${row.state}" style="--color: var(--s${color})">
    <th scope="row" class="name ${row.state}" style="--depth: ${guides.length}">
      <span class="mark" aria-hidden="true">${sign}</span>
      <span class="hidden">${meaning}, level ${guides.length + 1}: </span>
      <a href="#${place?.details}">${middleCut(row.name, mostName)}</a>${attempt}
    </th>
    <td class="service">${service}</td>
    <td class="time" aria-hidden="true"><div class="track">${bar(row, scale)}</div></td>
    <td class="number">${row.duration}</td>
    <td class="happened">${happened(row, places)}</td>
  </tr>`
}

function happened(row: PictureRow, places: Places): Content {
  const { node } = row.place
  const links = node.links.filter((link) => link.target !== node.parent || node.parent === undefined)
  const look = attributes({ class: row.state === 'failed' ? 'result' : undefined })
  const arrival = row.arrival && middleCut(row.arrival, mostSaid)
  const result = row.result && markup`<span${look}>${middleCut(row.result, mostSaid)}</span>`
  const lines = [
    [arrival, arrival && result ? ' · ' : '', result],
    node.parentMissing ? ['parent ', missingParent(node)] : '',
    ...links.slice(0, most).map((link) => ['⤷ ', linkMention(node, link, places)]),
    links.length > most ? `… ${links.length - most} more links` : '',
    ...backwards(row, places),
  ].filter((line) => (typeof line === 'string' ? line : line.some(Boolean)))
  return lines.map((line, index) => (index === 0 ? line : markup`<br>${line}`))
}

/** From a send to what links it in another trace: the way forward that most backends do not have. */
function backwards({ place: { node } }: PictureRow, places: Places): Content[][] {
  const elsewhere = [...(places.get(node)?.linkedFrom ?? [])].filter((from) => from.span.traceId !== node.span.traceId)
  const shown = elsewhere.slice(0, most).map((from) => ['⤶ linked from ', mention(from, places)])
  return elsewhere.length > most ? [...shown, [`⤶ … ${elsewhere.length - most} more`]] : shown
}

function bar(row: PictureRow, scale: TimeScale): Content[] {
  const start = scale.position(row.start)
  const waitStart = scale.position(row.start - row.waited)
  return [
    row.waited > 0 && start - waitStart > 0.002 ? piece('wait', waitStart, start) : '',
    piece(row.duration === 'open' ? 'bar open-bar' : 'bar', start, scale.position(row.end)),
  ]
}

function piece(className: string, from: number, to: number): Content {
  const [left, width] = [percent(Math.min(from, 0.995)), percent(to - from)]
  return markup`<span class="${className}" style="left: ${left}; width: ${width}"></span>`
}

// The narrowest column of times has room for 32 letters.
function axis(scale: TimeScale): Content {
  return axisMarks(scale, 5, (text) => (text.length + 1) / 32).map(({ at, text, gap }) => {
    return markup`<span${attributes({ style: `left: ${percent(at)}`, title: gap ? 'time left out' : undefined })}>${text}</span>`
  })
}

function percent(part: number): string {
  return `${(Math.max(0, Math.min(1, part)) * 100).toFixed(2)}%`
}

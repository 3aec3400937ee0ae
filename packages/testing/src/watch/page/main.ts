import type { Change, JourneyDetail } from '../protocol.ts'
import { createAnnouncer } from './announcer.ts'
import { createConnection, type ConnectionState } from './connection.ts'
import { part } from './dom.ts'
import { isBroken, isFailed, wordsOf } from './filter.ts'
import { backLink, journeyView } from './journey.ts'
import { listenToKeys } from './keyboard.ts'
import { createList } from './list.ts'

const input = part('filter') as HTMLInputElement
const view = part('journey')
const buttons = { failed: part('failed'), broken: part('broken'), pause: part('pause') }
const list = createList(part('list'))
const announcer = createAnnouncer(part('announcer'))
const feed = createConnection(take, connected)

let selected: string | undefined
let shown: JourneyDetail | undefined
let open = new Set<number>()
let counts: Change['counts'] | undefined

const isOn = (button: HTMLElement): boolean => button.getAttribute('aria-pressed') === 'true'

function filter(): void {
  list.filter({ words: wordsOf(input.value), failed: isOn(buttons.failed), broken: isOn(buttons.broken) })
  tell()
}

function toggle(button: HTMLElement): void {
  button.setAttribute('aria-pressed', String(!isOn(button)))
  if (button === buttons.pause) listen()
  else filter()
}

/** A hidden page takes no connection: a browser opens six to a server, and then waits. */
function listen(): void {
  if (isOn(buttons.pause) || document.hidden) feed.stop()
  else feed.start()
}

function take(change: Change): void {
  const fresh = change.journeys.filter(({ id }) => list.get(id) === undefined)
  list.apply(change)
  counts = change.counts
  if (!change.reset) announcer.count(fresh.length, fresh.filter((one) => isFailed(one) || isBroken(one)).length)
  if (selected !== undefined && (change.reset || concerns(change, selected))) void load(selected)
  tell()
}

function concerns({ journeys, gone }: Change, id: string): boolean {
  return journeys.some((journey) => journey.id === id) || gone.includes(id)
}

/** What is counted, and what is not kept. */
function tell(): void {
  const { all, shown: matching, failed, broken } = list.counts()
  for (const [id, count] of Object.entries({ failed, broken })) {
    const place = part(`${id}-count`)
    place.textContent = String(count)
    place.classList.toggle('some', count > 0)
  }
  part('nothing').hidden = all === 0 || matching > 0
  part('bounds').textContent = counts ? boundsText(all, counts) : ''
  document.body.dataset['view'] = selected !== undefined ? 'journey' : all === 0 ? 'empty' : 'list'
}

function boundsText(all: number, { limit, dropped, problems }: Change['counts']): string {
  const kept = `${numberText(all)} ${all === 1 ? 'journey' : 'journeys'}. The latest ${numberText(limit)} are kept`
  const gone = dropped > 0 ? `; ${numberText(dropped)} older ones were let go` : ''
  return `${kept}${gone}.${problems > 0 ? ` ${numberText(problems)} requests or spans could not be read.` : ''}`
}

function numberText(count: number): string {
  return count.toLocaleString('en')
}

/** The address says which journey is shown, and which of its rows. */
function follow(): void {
  const [id = '', row] = location.hash.slice(1).split('/')
  const isOther = id !== selected
  selected = id === '' || id === 'list' ? undefined : id
  list.select(selected)
  if (isOther) {
    open = new Set()
    shown = undefined
    view.replaceChildren()
  }
  tell()
  if (selected !== undefined) void load(selected, row === undefined ? undefined : Number(row))
}

async function load(id: string, row?: number): Promise<void> {
  const response = await fetch(`/journey?id=${encodeURIComponent(id)}`).catch(() => undefined)
  if (id !== selected || !response) return
  if (!response.ok) return miss()
  const detail = (await response.json()) as JourneyDetail
  if (id !== selected) return
  // It has become a part of another one.
  if (detail.summary.id !== id) return location.replace(`#${detail.summary.id}`)
  if (detail.summary.version !== shown?.summary.version) {
    const focused = view.contains(document.activeElement) ? document.activeElement?.closest('.row')?.id : undefined
    view.replaceChildren(...journeyView(detail, open))
    shown = detail
    if (focused !== undefined) document.querySelector<HTMLElement>(`#${focused} button`)?.focus({ preventScroll: true })
  }
  if (row !== undefined) target(row)
}

function miss(): void {
  // What is on the screen stays there, for as long as somebody reads it.
  if (shown === undefined) view.replaceChildren(backLink(), 'This journey is no longer kept.')
}

function target(row: number): void {
  for (const other of view.querySelectorAll('.target')) other.classList.remove('target')
  const place = document.getElementById(`row-${row}`)
  place?.classList.add('target')
  place?.scrollIntoView({ block: 'center' })
  place?.querySelector('button')?.focus({ preventScroll: true })
}

function connected(state: ConnectionState): void {
  part('connection').dataset['state'] = state
  const texts = {
    live: `listening on ${location.host}`,
    paused: 'paused',
    resting: 'paused while 5 other pages are live, click to go on',
    off: 'not connected, trying again',
  }
  part('connection-text').textContent = texts[state]
}

part('endpoint').textContent = `OTEL_EXPORTER_OTLP_ENDPOINT=${location.origin} node app.js`
part('journeys').parentElement?.style.setProperty('--top', `${document.querySelector('header')?.offsetHeight ?? 54}px`)
document.querySelector('form')?.addEventListener('submit', (event) => event.preventDefault())
input.addEventListener('input', filter)
for (const button of Object.values(buttons)) button.addEventListener('click', () => toggle(button))
window.addEventListener('hashchange', follow)
document.addEventListener('visibilitychange', listen)
for (const event of ['focus', 'pointerdown']) window.addEventListener(event, listen)
listenToKeys({
  filter: () => input.focus(),
  failed: () => toggle(buttons.failed),
  broken: () => toggle(buttons.broken),
  pause: () => toggle(buttons.pause),
  back() {
    if (document.activeElement === input && input.value !== '') input.value = ''
    else if (selected !== undefined) location.hash = ''
    filter()
  },
  move(step) {
    const id = list.neighbour(selected, step)
    if (id === undefined) return
    list.focus(id)
    location.replace(`#${id}`)
  },
})
listen()
follow()

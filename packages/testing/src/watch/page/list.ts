import type { Change, JourneySummary } from '../protocol.ts'
import { element } from './dom.ts'
import { isBroken, isFailed, matches, type Filter } from './filter.ts'
import { journeyRow } from './row.ts'

interface Item {
  readonly journey: JourneySummary
  readonly place: HTMLLIElement
}

/** The list of journeys, newest first. */
export interface JourneyList {
  apply(change: Change): void
  filter(filter: Filter): void
  select(id: string | undefined): void
  /** The id of the journey that is shown above or below another one. */
  neighbour(id: string | undefined, step: 1 | -1): string | undefined
  get(id: string): JourneySummary | undefined
  focus(id: string): void
  counts(): { readonly all: number; readonly shown: number; readonly failed: number; readonly broken: number }
}

/** @param list where it stands */
export function createList(list: HTMLElement): JourneyList {
  const items = new Map<string, Item>()
  let filter: Filter = { words: [], failed: false, broken: false }
  let selected: string | undefined

  function show(journey: JourneySummary): void {
    const known = items.get(journey.id)
    const place = known?.place ?? element('li', { 'data-id': journey.id })
    const hadFocus = place.contains(document.activeElement)
    const row = journeyRow(journey)
    place.replaceChildren(row)
    place.hidden = !matches(journey, filter)
    items.set(journey.id, { journey, place })
    if (journey.id === selected) row.setAttribute('aria-current', 'true')
    row.tabIndex = journey.id === selected ? 0 : -1
    if (known?.journey.order !== journey.order) insert(place, journey.order)
    if (hadFocus) row.focus({ preventScroll: true })
  }

  /** Nearly always at the top. */
  function insert(place: HTMLElement, order: number): void {
    let below = list.firstElementChild
    while (below && orderOf(below) > order) below = below.nextElementSibling
    list.insertBefore(place, below)
  }

  function orderOf(place: Element): number {
    return items.get(place.getAttribute('data-id') ?? '')?.journey.order ?? 0
  }

  function remove(id: string): void {
    items.get(id)?.place.remove()
    items.delete(id)
  }

  function shown(): HTMLElement[] {
    return [...list.children].filter((place): place is HTMLElement => place instanceof HTMLElement && !place.hidden)
  }

  /** Exactly one journey can be reached with the tab key; the arrows do the rest. */
  function rove(): void {
    const row = items.get(selected ?? '')?.place.firstElementChild ?? shown()[0]?.firstElementChild
    for (const other of list.querySelectorAll<HTMLElement>('a[tabindex="0"]')) if (other !== row) other.tabIndex = -1
    if (row instanceof HTMLElement) row.tabIndex = 0
  }

  return {
    apply({ reset, journeys, gone }) {
      // What stays keeps its place on the screen, and the focus.
      const kept = new Set(journeys.map(({ id }) => id))
      for (const id of reset ? items.keys() : gone) if (!kept.has(id)) remove(id)
      for (const journey of journeys) show(journey)
      rove()
    },
    filter(wanted) {
      filter = wanted
      for (const { journey, place } of items.values()) {
        const hidden = !matches(journey, filter)
        if (place.hidden !== hidden) place.hidden = hidden
      }
      rove()
    },
    select(id) {
      items.get(selected ?? '')?.place.firstElementChild?.removeAttribute('aria-current')
      selected = id
      const item = items.get(id ?? '')
      item?.place.firstElementChild?.setAttribute('aria-current', 'true')
      item?.place.scrollIntoView({ block: 'nearest' })
      rove()
    },
    neighbour(id, step) {
      const places = shown()
      const index = places.findIndex((place) => place.dataset['id'] === id)
      return places[index < 0 ? 0 : index + step]?.dataset['id']
    },
    get: (id) => items.get(id)?.journey,
    focus(id) {
      const row = items.get(id)?.place.firstElementChild
      if (row instanceof HTMLElement) row.focus()
    },
    counts() {
      const journeys = [...items.values()]
      return {
        all: journeys.length,
        shown: journeys.filter(({ place }) => !place.hidden).length,
        failed: journeys.filter(({ journey }) => isFailed(journey)).length,
        broken: journeys.filter(({ journey }) => isBroken(journey)).length,
      }
    },
  }
}

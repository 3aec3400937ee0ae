/** Tells a screen reader what has come: in one sentence, and not too often. */
export interface Announcer {
  /** @param fresh journeys that have come, and how many of them failed or are broken */
  count(fresh: number, bad: number): void
}

// ms: somebody who listens can follow this.
const pause = 5000

export function createAnnouncer(place: HTMLElement): Announcer {
  let [fresh, bad] = [0, 0]
  let timer: ReturnType<typeof setTimeout> | undefined

  function say(): void {
    timer = undefined
    const journeys = fresh === 1 ? '1 new journey' : `${fresh} new journeys`
    place.textContent = bad === 0 ? `${journeys}.` : `${journeys}, ${bad} failed or broken.`
    fresh = bad = 0
  }

  return {
    count(more, worse) {
      if (more === 0) return
      fresh += more
      bad += worse
      timer ??= setTimeout(say, pause)
    },
  }
}

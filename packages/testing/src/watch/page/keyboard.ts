/** What the keys do. */
export interface KeyActions {
  readonly filter: () => void
  readonly failed: () => void
  readonly broken: () => void
  readonly pause: () => void
  readonly back: () => void
  readonly move: (step: 1 | -1) => void
}

/** Single keys, except while somebody types. */
export function listenToKeys(actions: KeyActions): void {
  const keys: Readonly<Record<string, () => void>> = {
    '/': actions.filter,
    f: actions.failed,
    b: actions.broken,
    p: actions.pause,
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { key, target } = event
    if (key === 'Escape') return actions.back()
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      // In the journey itself the arrows scroll.
      if (target instanceof Element && target.closest('#journey')) return
      event.preventDefault()
      return actions.move(key === 'ArrowDown' ? 1 : -1)
    }
    const act = target instanceof HTMLInputElement ? undefined : keys[key]
    if (!act) return
    event.preventDefault()
    act()
  })
}

/** Which things belong together: every thing starts alone, `join` makes two groups one. */
export interface DisjointSets<T> {
  /** Makes the groups of both one. */
  join(one: T, other: T): void
  /** The thing that stands for the group of `thing`; equal for all members of a group. */
  find(thing: T): T
}

/** Creates disjoint sets; things need not be announced. */
export function createDisjointSets<T>(): DisjointSets<T> {
  const parents = new Map<T, T>()

  function find(thing: T): T {
    let current = thing
    let parent = parents.get(current) ?? current
    while (parent !== current) {
      const grandparent = parents.get(parent) ?? parent
      parents.set(current, grandparent)
      current = grandparent
      parent = parents.get(current) ?? current
    }
    return current
  }

  return {
    find,
    join(one, other) {
      const [first, second] = [find(one), find(other)]
      if (first !== second) parents.set(second, first)
    },
  }
}

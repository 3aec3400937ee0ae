/**
 * Numbers texts from 0 on, in 12 to 20 bytes each, whatever their length: millions of ids fit where a `Map` of texts
 * would take gigabytes. It keeps 64 bits of a text, so two texts of a million are taken for one with a chance of 1 in
 * 40 million.
 */
export interface KeyTable {
  /** The number of a text; a new one for a new text. */
  add(text: string): number
  /** The number of a text that was added. */
  find(text: string): number | undefined
  /** How many there are. */
  readonly size: number
}

const first = 1024

/** Creates an empty table. */
export function createKeyTable(): KeyTable {
  let high = new Uint32Array(first)
  let low = new Uint32Array(first)
  // Number + 1 at the place that the low bits name, or at the next free one; at most half of the places are taken.
  let places = new Uint32Array(first * 2)
  let size = 0

  function placeOf(one: number, other: number): number {
    const mask = places.length - 1
    let place = other & mask
    for (let number = places[place]; number; number = places[place]) {
      if (low[number - 1] === other && high[number - 1] === one) break
      place = (place + 1) & mask
    }
    return place
  }

  function grow(): void {
    high = grown(high, size * 2)
    low = grown(low, size * 2)
    places = new Uint32Array(size * 4)
    for (let number = 0; number < size; number += 1) {
      places[placeOf(high[number] ?? 0, low[number] ?? 0)] = number + 1
    }
  }

  return {
    get size() {
      return size
    },
    find(text) {
      const known = places[placeOf(...bitsOf(text))]
      return known ? known - 1 : undefined
    },
    add(text) {
      if (size === high.length) grow()
      const [one, other] = bitsOf(text)
      const place = placeOf(one, other)
      const known = places[place]
      if (known) return known - 1
      high[size] = one
      low[size] = other
      size += 1
      places[place] = size
      return size - 1
    },
  }
}

/** The same numbers with room for more. */
export function grown<T extends Uint32Array | Float32Array | Uint8Array>(numbers: T, length: number): T {
  const more = new (numbers.constructor as new (length: number) => T)(length)
  more.set(numbers)
  return more
}

function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}

/** 64 bits of a text, in two numbers. */
function bitsOf(text: string): readonly [high: number, low: number] {
  let [one, other] = [0x811c9dc5, 0x1b873593]
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    one = Math.imul(one ^ code, 0x01000193)
    other = Math.imul(other ^ code, 0x85ebca6b) ^ (other >>> 15)
  }
  return [mixed(one) >>> 0, mixed(other) >>> 0]
}

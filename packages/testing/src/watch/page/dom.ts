type Child = Node | string | undefined
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * An element with its attributes and children. Texts become text, never markup. An attribute that is `undefined` or
 * `false` is left out; `true` has no value.
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  write(made, attributes)
  for (const child of children) if (child !== undefined && child !== '') made.append(child)
  return made
}

const svgNamespace = 'http://www.w3.org/2000/svg'

/** The same for a drawing. */
export function drawing(name: string, attributes: Attributes, ...children: readonly SVGElement[]): SVGElement {
  const made = document.createElementNS(svgNamespace, name)
  write(made, attributes)
  made.append(...children)
  return made
}

function write(made: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value))
  }
}

/** Gives an element numbers for its style sheet: a style attribute would not be allowed. */
export function styled<Made extends HTMLElement>(made: Made, numbers: Readonly<Record<string, number>>): Made {
  for (const [name, value] of Object.entries(numbers)) made.style.setProperty(`--${name}`, String(value))
  return made
}

/** An element that the page has from the start. */
export function part(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`The page has no ${id}`)
  return found
}

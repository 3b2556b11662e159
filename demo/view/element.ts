type Child = Node | string
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Finds the place that index.html has for a view. */
export function place(name: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-view="${name}"]`)
  if (!found) throw new Error(`index.html has no place for ${name}`)
  return found
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  give(made, attributes)
  made.append(...children)
  return made
}

export function drawing<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  give(made, attributes)
  made.append(...children)
  return made
}

function give(to: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) to.removeAttribute(name)
    else to.setAttribute(name, value === true ? '' : String(value))
  }
}

/** The colour that the style sheets give the state of the page now. */
export const stateColour = (): string => getComputedStyle(document.documentElement).getPropertyValue('--state').trim()

export const wantsStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

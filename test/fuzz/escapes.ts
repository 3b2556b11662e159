/** What must never come of an input, whatever it was. */

const watched = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype, Promise.prototype]
type Property = readonly [object, string | symbol, unknown]

const properties = (): Property[] =>
  watched.flatMap((prototype) =>
    Reflect.ownKeys(prototype).map((key): Property => {
      const { value, get } = Object.getOwnPropertyDescriptor(prototype, key)!
      return [prototype, key, (value ?? get) as unknown]
    }),
  )

/** Looks at every property of the prototypes that everybody shares. */
export function prototypesGuard(): () => string | null {
  const before = properties()
  return () => {
    const after = properties()
    if (after.length !== before.length) return 'a shared prototype has another number of properties'
    const moved = after.find(([, key, value], index) => before[index]?.[1] !== key || before[index]?.[2] !== value)
    return moved ? `a shared prototype has another ${String(moved[1])}` : null
  }
}

/** Watches how long the texts are that are parsed. */
export function parseSpy(): { readonly longest: () => number; readonly stop: () => void } {
  const { parse } = JSON
  let longest = 0
  JSON.parse = (given: string, ...rest: []) => {
    longest = Math.max(longest, given.length)
    return parse(given, ...rest) as unknown
  }
  return {
    longest() {
      const length = longest
      longest = 0
      return length
    },
    stop: () => void (JSON.parse = parse),
  }
}

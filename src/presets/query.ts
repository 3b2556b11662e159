import { redact } from '../secret.ts'

/** What an option is, and how it is written into the query. */
export type Kind =
  /** Text that is not empty and does not look like a credential. */
  | 'id'
  /** Free text that is not empty: a text about tokens is no token. */
  | 'text'
  /** A whole number, not negative. */
  | 'count'
  | 'flag'
  /** Free names with a text, a number or a boolean each: `name[key]=value`. */
  | 'map'
  | { readonly oneOf: readonly unknown[] }
  /** The key is repeated for each. */
  | { readonly listOf: readonly unknown[] }
  /** Options in brackets: `name[option]=value`. */
  | { readonly group: Kinds }

export type Kinds = { readonly [option: string]: Kind }

/**
 * Checks options against their kinds and writes them as a query, with `configId` as `config_id`. Undefined options are left
 * out. Throws `TypeError` for an option that is not listed or not of its kind; the message names the option and never
 * repeats its value.
 */
export function queryOf(who: string, kinds: Kinds, options: object): URLSearchParams {
  const query = new URLSearchParams()
  writeGroup(query, `${who}: `, kinds, options, (name) => name)
  return query
}

function writeGroup(query: URLSearchParams, path: string, kinds: Kinds, options: object, wrap: (name: string) => string): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue
    const here = path + option
    const kind = Object.hasOwn(kinds, option) ? kinds[option] : undefined
    if (!kind) throw new TypeError(`${here} is no option here; there are ${Object.keys(kinds).join(', ')}`)
    const name = wrap(option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
    const within = (inner: string): string => `${name}[${inner}]`
    if (kind === 'map') {
      for (const [key, entry] of Object.entries(asObject(here, value))) {
        demand(['string', 'number', 'boolean'].includes(typeof entry), here, 'an object of texts, numbers and booleans')
        query.append(within(key), String(entry))
      }
    } else if (typeof kind === 'object' && 'group' in kind) {
      writeGroup(query, `${here}.`, kind.group, asObject(here, value), within)
    } else if (typeof kind === 'object' && 'listOf' in kind) {
      demand(Array.isArray(value) && value.every((entry) => kind.listOf.includes(entry)), here, `a list of ${kind.listOf.join(', ')}`)
      for (const entry of value as unknown[]) query.append(name, String(entry))
    } else {
      checkOne(here, kind, value)
      query.append(name, String(value))
    }
  }
}

function checkOne(here: string, kind: 'id' | 'text' | 'count' | 'flag' | { oneOf: readonly unknown[] }, value: unknown): void {
  if (typeof kind === 'object') return demand(kind.oneOf.includes(value), here, `one of ${kind.oneOf.join(', ')}`)
  if (kind === 'flag') return demand(typeof value === 'boolean', here, 'true or false')
  if (kind === 'count') return demand(Number.isSafeInteger(value) && (value as number) >= 0, here, 'a whole number')
  demand(typeof value === 'string' && value !== '', here, 'a text that is not empty')
  if (kind === 'id') demand(redact(value as string) === value, here, 'an id, not a credential: tokens come from the tokenSource')
}

function asObject(here: string, value: unknown): object {
  demand(typeof value === 'object' && value !== null, here, 'an object')
  return value as object
}

function demand(holds: boolean, here: string, wanted: string): void {
  if (!holds) throw new TypeError(`${here} must be ${wanted}`)
}

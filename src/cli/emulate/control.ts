/** One thing that can be done to an emulated provider: what it is called with, and what happens. */
export interface Control {
  readonly does: string
  /** Argument → what may stand there, in words. */
  readonly takes: Readonly<Record<string, string>>
  /** Checks the arguments, acts, and returns what there is to tell. @throws BadArgument */
  run(given: Readonly<Record<string, unknown>>): unknown
}

export type Controls = Readonly<Record<string, Control>>

/** What was given does not fit. The message says what does. */
export class BadArgument extends Error {
  override readonly name = 'BadArgument'
}

/** What may stand in one argument. */
export interface Kind<T> {
  readonly words: string
  /** What a missing argument stands for; without it, it is required. */
  readonly missing?: { readonly as: T }
  fits(value: unknown): value is T
}

type Kinds = Readonly<Record<string, Kind<unknown>>>
type Read<K extends Kinds> = { readonly [Name in keyof K]: K[Name] extends Kind<infer T> ? T : never }

/** A control whose `act` gets its arguments checked and typed. */
export function control<K extends Kinds>(does: string, kinds: K, act: (args: Read<K>) => unknown): Control {
  const takes = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, kind.words]))
  const allowed = JSON.stringify(takes)
  return {
    does,
    takes,
    run(given) {
      const unknown = Object.keys(given).find((name) => !Object.hasOwn(kinds, name))
      if (unknown !== undefined) throw new BadArgument(`an unknown argument was given; allowed: ${allowed}`)
      const args = Object.entries(kinds).map(([name, kind]) => [name, read(name, kind, given[name])] as const)
      return act(Object.fromEntries(args) as Read<K>)
    },
  }
}

function read(name: string, kind: Kind<unknown>, value: unknown): unknown {
  if (value === undefined && kind.missing) return kind.missing.as
  if (!kind.fits(value)) throw new BadArgument(`${name}: ${kind.words}`)
  return value
}

/** Without it: on. */
export const flag: Kind<boolean> = {
  words: 'true or false; default true',
  missing: { as: true },
  fits: (value) => typeof value === 'boolean',
}

export const whole = (from: number, to: number, unit: string): Kind<number> => ({
  words: `${unit}, a whole number from ${from} to ${to}`,
  fits: (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to,
})

export const text: Kind<string> = { words: 'a text', fits: (value) => typeof value === 'string' }

export const oneOf = <const T extends string>(...words: readonly T[]): Kind<T> => ({
  words: words.map((word) => JSON.stringify(word)).join(' or '),
  fits: (value): value is T => words.some((word) => word === value),
})

export const anything: Kind<unknown> = { words: 'any JSON', fits: (value): value is unknown => value !== undefined }

export const optional = <T>(kind: Kind<T>): Kind<T | undefined> => ({
  words: `${kind.words}; may be missing`,
  missing: { as: undefined },
  fits: kind.fits,
})

export const orNull = <T>(kind: Kind<T>): Kind<T | null> => ({
  words: `${kind.words}; or null, which ends it`,
  fits: (value): value is T | null => value === null || kind.fits(value),
})

/** RFC 6455 §7.4: 1000, or 3000 to 4999; and what a server may send besides. */
export const closeCode = optional(whole(1000, 4999, 'a close code'))
export const status = (from = 200): Kind<number | null> => orNull(whole(from, 599, 'an HTTP status'))
export const times = optional(whole(1, 1_000_000, 'how often'))

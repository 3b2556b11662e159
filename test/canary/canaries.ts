/**
 * Secrets that can be recognised anywhere, and the places where none may be. Every token of every story is one of these, and
 * after every story everything that an application could see, log or store is searched for them.
 */
import { inspect } from 'node:util'

const known = new Map<string, readonly string[]>()
let made = 0
/** How much was searched so far, for who prints it. */
export const searched = { canaries: 0, places: 0, found: 0 }

/** A secret whose first eight characters occur nowhere else. `plain`: of characters that fit into a subprotocol. */
export function canary(plain = false): string {
  const count = made++
  const mixed = Math.imul(count + 1, 0x9e3779b1) >>> 0
  const word = `Zq${mixed.toString(36).padStart(7, 'x').slice(-6)}`
  const text = plain ? `${word}-${count}-kept-apart-from-everything` : `${word}.${count}+/=&%kept apart?`.replaceAll(' ', '~')
  known.set(text, formsOf(text))
  return text
}

/** A secret that was made elsewhere: an emulator's own token, an API key. */
export function watchFor(...secrets: string[]): void {
  for (const secret of secrets) known.set(secret, formsOf(secret))
}

export function forgetCanaries(): void {
  known.clear()
}

/** How a secret may look: itself, its beginning, percent-encoded, in base64url. */
const formsOf = (secret: string): string[] => {
  const base64url = Buffer.from(secret).toString('base64url')
  return [secret.slice(0, 8), encodeURIComponent(secret).slice(0, 24), base64url.slice(0, 10), secret, base64url]
}

/** The canary in this text, if there is one. */
export function foundIn(text: string): string | null {
  // Canaries begin with `Zq`, which base64 writes as `Wn`: most texts hold neither, and stories make many canaries.
  const mayHold = text.includes('Zq') || text.includes('Wn')
  for (const [secret, forms] of known) {
    if (!mayHold && secret.startsWith('Zq')) continue
    for (const form of forms) if (text.includes(form)) return form
  }
  return null
}

type View = (thing: unknown) => string

const errorsOf = (thing: unknown, depth = 0): string[] => {
  if (depth > 8 || !(thing instanceof Error)) return []
  return [thing.name, thing.message, String(thing.stack), ...errorsOf(thing.cause, depth + 1)]
}

/** The ways in which a thing becomes text. Each may refuse; a refusal shows nothing. */
export const views: Readonly<Record<string, View>> = {
  string: (thing) => String(thing),
  json: (thing) => JSON.stringify(thing) ?? '',
  inspect: (thing) => inspect(thing, { depth: Infinity, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null }),
  clone: (thing) => inspect(structuredClone(thing), { depth: Infinity, showHidden: true }),
  error: (thing) => errorsOf(thing).join('\n'),
  keys: (thing) => (typeof thing === 'object' && thing !== null ? Object.entries(thing).flat().map(String).join('\n') : ''),
}

export interface Leak {
  readonly place: string
  readonly view: string
  readonly form: string
}

/** Every leak in these things. The key of each says where it was seen. */
export function leaksIn(places: Iterable<readonly [string, unknown]>): Leak[] {
  const leaks: Leak[] = []
  searched.canaries += known.size
  for (const [place, thing] of places) {
    searched.places++
    for (const [view, show] of Object.entries(views)) {
      let text: string
      try {
        text = show(thing)
      } catch (error) {
        text = String(error)
      }
      const form = foundIn(text)
      if (form !== null) leaks.push({ place, view, form })
    }
  }
  searched.found += leaks.length
  return leaks
}

/** Catches what is written to the console while the tests run. */
export function listenToConsole(): { readonly lines: unknown[]; stop(): void } {
  const lines: unknown[] = []
  const names = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const
  const before = names.map((name) => [name, console[name]] as const)
  for (const [name, write] of before) {
    console[name] = (...words: unknown[]) => {
      lines.push(...words)
      write.apply(console, words as [])
    }
  }
  return {
    lines,
    stop() {
      for (const [name, write] of before) console[name] = write as never
    },
  }
}

import { redact } from '../secret.ts'

/** Remembers what must not be shown, and takes it out of every text that is. */
export interface Discretion {
  keep(secret: string | undefined): void
  hide(text: string): string
}

/** Shorter ones are no secrets, and would tear holes into ordinary words. */
const shortest = 6

export function createDiscretion(): Discretion {
  const kept = new Set<string>()
  return {
    keep(secret) {
      if (secret === undefined || secret.length < shortest) return
      kept.add(secret).add(encodeURIComponent(secret))
    },
    hide(text) {
      const longestFirst = [...kept].sort((one, other) => other.length - one.length)
      const hidden = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
      // What a peer sent must not be able to steer the terminal either.
      return redact(hidden).replace(/[^\x20-\x7e\u00a0-\uffff]/g, ' ')
    },
  }
}

import type { World } from '../provider.ts'
import { id, letters } from './chance.ts'

export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly environment: 'live' | 'test'
  /** The key itself: shown once over REST, when it is created. */
  readonly text: string
  /** Epoch ms. */
  readonly createdAt: number
  /** Epoch ms; null never expires. That keys can expire at all is only in the title "Expired or Revoked Key". */
  readonly expiresAt: number | null
}

export interface KeyWishes {
  readonly name?: string
  readonly environment?: 'live' | 'test'
  readonly expiresAt?: number | null
  readonly text?: string
}

/** The account's API keys. Several work at once, so that they can be rotated with overlap; a deleted one is dead at once. */
export class Keys {
  readonly #world: World
  readonly #length: number
  readonly #given: string[]
  readonly #dead = new Set<string>()
  #all: readonly ApiKey[] = []

  /** `length`: letters after the prefix. `given`: where every key ever issued is noted. */
  constructor(world: World, { length, given }: { length: number; given: string[] }) {
    this.#world = world
    this.#length = length
    this.#given = given
  }

  /** Oldest first, expired ones included. */
  get all(): readonly ApiKey[] {
    return this.#all
  }

  create({ name = 'API key', environment = 'live', expiresAt = null, text }: KeyWishes = {}): ApiKey {
    const key: ApiKey = {
      id: id(this.#world, 'key'),
      name,
      environment,
      text: text ?? `ah_${environment}_${letters(this.#world, this.#length)}`,
      createdAt: this.#world.now(),
      expiresAt,
    }
    this.#all = [...this.#all, key]
    this.#given.push(key.text)
    return key
  }

  /** By its id or its text; false if there is none. */
  delete(which: string): boolean {
    const key = this.#all.find(({ id: keyId, text }) => keyId === which || text === which)
    if (!key) return false
    this.#dead.add(key.text)
    this.#all = this.#all.filter((other) => other !== key)
    return true
  }

  /** What a text in the `x-api-key` header is to this account. */
  standing(text: string): 'working' | 'revoked' | 'unknown' {
    const key = this.#all.find((one) => one.text === text)
    if (!key) return this.#dead.has(text) ? 'revoked' : 'unknown'
    return key.expiresAt !== null && this.#world.now() >= key.expiresAt ? 'revoked' : 'working'
  }
}

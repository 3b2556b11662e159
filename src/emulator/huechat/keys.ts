import type { World } from '../provider.ts'
import { idOf, letters } from './chance.ts'
import { type Plan, Usage } from './limits.ts'
import { type Scope, scopes } from './scopes.ts'

export type Environment = 'live' | 'sandbox'

/** What every key of an environment begins with. */
export const prefixes: Readonly<Record<Environment, string>> = { live: 'sk_live_', sandbox: 'sk_test_' }

export interface NewKey {
  /** Default: `Key n`. */
  readonly name?: string
  /** Default: `full`, which is every scope. */
  readonly permissions?: 'full' | readonly Scope[]
  /** The only client addresses that may use it (Enterprise). Default: all. */
  readonly allowedIps?: readonly string[]
}

/** A key as the dashboard lists it: never the key itself. */
export interface ListedKey {
  readonly id: string
  readonly name: string
  readonly lastFour: string
  /** Epoch ms. */
  readonly createdAt: number
  /** Epoch ms; null if it never was. */
  readonly lastUsedAt: number | null
  readonly permissions: readonly Scope[]
}

export interface Key {
  readonly id: string
  readonly secret: string
  readonly name: string
  readonly createdAt: number
  readonly permissions: readonly Scope[]
  readonly allowedIps: readonly string[] | null
  readonly usage: Usage
  lastUsedAt: number | null
}

/**
 * The keys of one environment. They are made and deleted in the dashboard: HueChat documents no endpoint for it. After the
 * prefix come 32 letters and digits (ours: the docs do not show a whole key).
 */
export class Keys {
  readonly #world: World
  readonly #environment: Environment
  readonly #plan: Plan
  readonly #given: (secret: string) => void
  readonly #bySecret = new Map<string, Key>()

  constructor(world: World, environment: Environment, plan: Plan, given: (secret: string) => void) {
    this.#world = world
    this.#environment = environment
    this.#plan = plan
    this.#given = given
  }

  find(secret: string): Key | undefined {
    return this.#bySecret.get(secret)
  }

  get listed(): ListedKey[] {
    return [...this.#bySecret.values()].map(({ id, name, secret, createdAt, lastUsedAt, permissions }) => {
      return { id, name, lastFour: secret.slice(-4), createdAt, lastUsedAt, permissions: [...permissions] }
    })
  }

  create({ name, permissions = 'full', allowedIps }: NewKey, secret?: string): Key {
    const key: Key = {
      id: idOf(this.#world, 'key'),
      secret: secret ?? `${prefixes[this.#environment]}${letters(this.#world, 32)}`,
      name: name ?? `Key ${this.#bySecret.size + 1}`,
      createdAt: this.#world.now(),
      permissions: permissions === 'full' ? scopes : [...permissions],
      allowedIps: allowedIps ? [...allowedIps] : null,
      usage: new Usage(this.#plan),
      lastUsedAt: null,
    }
    this.#bySecret.set(key.secret, key)
    this.#given(key.secret)
    return key
  }

  /** A second key with the rights of this one; both work until the old one is deleted. */
  successor(keyOrId: string): Key {
    const { name, permissions, allowedIps } = this.#known(keyOrId)
    return this.create({ name, permissions, ...(allowedIps && { allowedIps }) })
  }

  /** Dead before this returns. */
  delete(keyOrId: string): void {
    this.#bySecret.delete(this.#known(keyOrId).secret)
  }

  #known(keyOrId: string): Key {
    const key = [...this.#bySecret.values()].find(({ id, secret }) => id === keyOrId || secret === keyOrId)
    if (!key) throw new TypeError('No such key: it was never made here, or it has been deleted.')
    return key
  }
}

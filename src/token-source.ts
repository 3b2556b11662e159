import { checkTokenSource } from './check-options.ts'
import { browserHost } from './io/browser.ts'
import type { Host } from './io/host.ts'
import { Source } from './io/source.ts'
import { callbackAsker, endpointAsker, type Asker } from './io/token.ts'
import { grantDefaults, sourceTraits } from './io/traits.ts'
import type { TokenCallback, TokenEndpointOptions, TokenSource, TokenSourceOption, WorldOptions } from './options.ts'
import type { SourcePreset } from './presets/preset.ts'

/** The world of this source and of all its sessions. What is not given here, the first session may give. */
export interface TokenSourceSettings extends WorldOptions {
  /** Which preset the grants are for; needed only to `prefetch()` before the first session. */
  readonly preset?: SourcePreset
}

const worlds = ['fetch', 'webSocket'] as const

type Where = string | TokenEndpointOptions | TokenCallback

class RealTokenSource implements TokenSource {
  readonly #where: Where
  readonly #settings: TokenSourceSettings
  #source: Source | null = null
  #audience: string | null = null
  #world: WorldOptions = {}

  constructor(where: Where, settings: TokenSourceSettings) {
    this.#where = where
    this.#settings = settings
    if (settings.preset) this.source(settings.preset, settings)
  }

  /** The running source; made at the first preset, which also fixes the audience. */
  source(preset: SourcePreset, options: WorldOptions): Source {
    const audience = preset.audience ?? preset.name
    if (this.#source && this.#audience !== audience) {
      throw new TypeError(`this token source mints for ${this.#audience}; a session of ${audience} needs its own`)
    }
    // A source has one world for all its sessions: another one's socket or fetch would never be used.
    const other = this.#source && worlds.find((name) => options[name] !== undefined && options[name] !== this.#world[name])
    if (other) throw new TypeError(`createSession: this token source is in use without this \`${other}\`; give it to createTokenSource`)
    this.#audience = audience
    if (!this.#source) {
      const world = { ...options, ...this.#settings }
      this.#world = world
      const host = world.host ?? browserHost(world)
      this.#source = new Source(host, askerOf(this.#where, host), sourceTraits(preset, world.probe), grantDefaults(preset))
    }
    return this.#source
  }

  prefetch(): Promise<void> {
    const source = this.#source
    if (!source) throw new TypeError('prefetch: say which preset the token is for: createTokenSource(url, { preset })')
    const unwish = source.wish()
    return new Promise((resolve) => {
      const look = (): void => {
        if (source.core.prefetch) return
        leave()
        unwish()
        resolve()
      }
      const leave = source.watch(look)
      look()
    })
  }

  reset(): void {
    this.#source?.reset()
  }
}

/** Makes a source that several sessions can be given as their `tokenSource`. */
export function createTokenSource(where: Where, settings: TokenSourceSettings = {}): TokenSource {
  checkTokenSource(where)
  return new RealTokenSource(where, settings)
}

/** The source behind a session's option; an unshared one is made for it alone. */
export function sourceFor(option: TokenSourceOption, preset: SourcePreset, options: WorldOptions): Source {
  if (option instanceof RealTokenSource) return option.source(preset, options)
  checkTokenSource(option)
  return new RealTokenSource(option as Where, {}).source(preset, options)
}

function askerOf(where: Where, host: Host): Asker {
  return typeof where === 'function' ? callbackAsker(where) : endpointAsker(typeof where === 'string' ? { url: where } : where, host)
}

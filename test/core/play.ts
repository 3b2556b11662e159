/** A source driven by what it wants, and short ways to say what it then is. */
import type { Happening } from '../../src/core/event.ts'
import { initial } from '../../src/core/state.ts'
import type { Core } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import type { LinkTraits, SourceTraits } from '../../src/core/traits.ts'
import { wants } from '../../src/core/wants.ts'
import { down, failure, good, linkTraits, minute, no, second, T } from './states.ts'

export const name = (core: Core, session = 1): string => {
  const status = statusOf(core, session)
  if (status.name === 'paused') return `paused ${status.reason}`
  return status.name === 'connected' && status.renewal === 'failing' ? 'connected, failing' : status.name
}
export const request = (core: Core) => wants(core).request
export const sockets = (core: Core) => wants(core).sockets
export const dead = (socket = 8, code = 1006): Happening => ({ is: 'closed', socket, code, spreadMs: 0 })
export const fact = (is: 'away' | 'back' | 'hidden' | 'visible' | 'online' | 'offline' | 'slept'): Happening => ({ is })
export const verb = (is: 'connect' | 'resume' | 'pause' | 'close' | 'detach', session = 1): Happening => ({ is, session })
export const news = (is: 'dialled' | 'opened' | 'ready' | 'acked' | 'denied', socket: number): Happening => ({ is, socket })
export const waiting = down({ dialAt: T - second })

/** A source from its beginning, driven by what it wants: the world answers as told. */
export class Play {
  core: Core
  now = T
  mints = 0
  dials = 0
  constructor(traits: SourceTraits, links: readonly LinkTraits[] = [linkTraits()]) {
    this.core = initial(traits)
    links.forEach((own, index) => this.do({ is: 'attach', session: index + 1, traits: own }))
  }

  do(happening: Happening, random = 0): this {
    const before = wants(this.core)
    this.core = step(this.core, { now: this.now, random, ...happening })[0]
    const next = wants(this.core)
    if (next.request && next.request.flight !== before.request?.flight) this.mints++
    this.dials += next.sockets.filter(({ id }) => !before.sockets.some((socket) => socket.id === id)).length
    return this
  }

  /** Time passes to the next wake. */
  wake(): this {
    this.now = wants(this.core).wakeAt
    return this.do({ is: 'tick' })
  }

  wait(ms: number): this {
    this.now += ms
    return this.do({ is: 'tick' })
  }

  mints200(lifetimeMs = 30 * minute): this {
    return this.do(good(request(this.core)?.flight, lifetimeMs))
  }

  refuses(code: Parameters<typeof no>[0] = 'key_refused', over: Parameters<typeof no>[2] = {}): this {
    return this.do(no(code, request(this.core)?.flight, over))
  }

  fails(): this {
    return this.do(failure('unavailable', request(this.core)?.flight))
  }

  get socket(): number {
    return sockets(this.core)[0]?.id ?? 0
  }

  opens(): this {
    return this.do(news('dialled', this.socket)).do(news('opened', this.socket))
  }

  comesUp(): this {
    return this.opens().do(news('ready', this.socket))
  }

  closes(code: number): this {
    return this.do(dead(this.socket, code))
  }

  get status(): string {
    return name(this.core)
  }
}

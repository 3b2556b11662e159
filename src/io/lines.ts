import type { Happening } from '../core/event.ts'
import type { Core, Id, Ms } from '../core/state.ts'
import type { Wants } from '../core/wants.ts'
import type { Address } from '../wire/url.ts'
import { enterDialQueue } from './dial-queue.ts'
import type { Host } from './host.ts'
import { Socket } from './socket.ts'
import type { Vault } from './vault.ts'

/** One socket of a session, by its id in the core. */
export interface Line {
  readonly id: Id
  readonly socket: Socket
}

/** What a line needs of the session that it is for. */
export interface Speaker {
  /** The address of one dial. May throw: then the session fails with `bad_configuration`. */
  address(token: string, attempt: number): Address
  /** The socket is open: what goes out before anything else, if the token is to be sent as a frame. */
  opened(line: Line, token: string | undefined): void
  frame(line: Line, data: string | ArrayBuffer): void
  /** The window in which the server asked its clients to come back, in ms. */
  readonly spreadMs: number
}

interface Dialled {
  readonly session: Id
  line: Line | undefined
  leave: () => void
}

/** The sockets of a source: those that the core wants, no more and no fewer. */
export class Lines {
  readonly #host: Host
  readonly #vault: Vault
  readonly #dispatch: (happening: Happening) => void
  readonly #dialled = new Map<Id, Dialled>()
  /** Sockets constructed so far. */
  dials = 0

  constructor(host: Host, vault: Vault, dispatch: (happening: Happening) => void) {
    this.#host = host
    this.#vault = vault
    this.#dispatch = dispatch
  }

  get(id: Id): Line | undefined {
    return this.#dialled.get(id)?.line
  }

  of(session: Id): Line | undefined {
    for (const dialled of this.#dialled.values()) if (dialled.session === session) return dialled.line
    return undefined
  }

  /** The last frame of each link whose silence may be judged, where the core does not know it yet. */
  heard({ sessions }: Core): { socket: Id; at: Ms }[] {
    const all: { socket: Id; at: Ms }[] = []
    for (const { life, traits } of Object.values(sessions)) {
      if (life.is !== 'wanting' || life.link.is !== 'up' || !traits.liveness) continue
      const socket = life.link.socket.id
      const at = this.get(socket)?.socket.heardAt ?? 0
      if (at > life.link.heardAt) all.push({ socket, at })
    }
    return all
  }

  /** `stillWanted`: asked again after the application's url function, which may have paused or closed the session. */
  match(wanted: Wants['sockets'], speakerOf: (session: Id) => Speaker | undefined, stillWanted: (id: Id) => boolean): void {
    for (const [id, dialled] of this.#dialled) {
      if (wanted.some((socket) => socket.id === id)) continue
      this.#dialled.delete(id)
      dialled.line?.socket.retire()
      dialled.leave()
    }
    for (const socket of wanted) if (!this.#dialled.has(socket.id)) this.#dial(socket, speakerOf(socket.session), stillWanted)
  }

  #dial({ id, session, gen, attempt }: Wants['sockets'][number], speaker: Speaker | undefined, stillWanted: (id: Id) => boolean): void {
    const dialled: Dialled = { session, line: undefined, leave: () => {} }
    this.#dialled.set(id, dialled)
    const token = this.#vault.take(gen)
    try {
      if (!speaker || token === undefined) throw new TypeError('nobody to dial for')
      const address = speaker.address(token, attempt)
      if (!stillWanted(id)) return
      let queued = false
      dialled.leave = enterDialQueue(this.#host, new URL(address.url).origin, () => {
        // A grant may have gone stale in the queue: the core judges before its turn.
        if (queued) this.#dispatch({ is: 'tick' })
        // Not by what is dialled: the world may be half matched, where this turn comes from a line that just ended.
        if (stillWanted(id)) this.#construct(id, dialled, address, gen, speaker)
      })
      queued = true
    } catch {
      // What was thrown may hold the address, and with it the token: it goes no further.
      this.#dispatch({ is: 'broken', socket: id })
    }
  }

  #construct(id: Id, dialled: Dialled, address: Address, gen: Id, speaker: Speaker): void {
    try {
      const socket = new Socket(this.#host, address, {
        open: () => {
          dialled.leave()
          try {
            speaker.opened(line, this.#vault.take(gen))
          } catch {
            // The function that makes the first frame threw; what it threw may hold the token.
            return this.#dispatch({ is: 'broken', socket: id })
          }
          this.#dispatch({ is: 'opened', socket: id })
        },
        message: (data) => speaker.frame(line, data),
        close: (code) => {
          dialled.leave()
          this.#dispatch({ is: 'closed', socket: id, code, spreadMs: speaker.spreadMs })
        },
      })
      const line: Line = { id, socket }
      dialled.line = line
      this.dials++
      this.#dispatch({ is: 'dialled', socket: id })
    } catch {
      this.#dispatch({ is: 'broken', socket: id })
    }
  }
}

import type { Accepted, Conversation, Peer, World } from './provider.ts'

/** A front that can stop reading from a socket gives its peers this, so that a half-open one answers no ping and no close. */
export interface HoldablePeer extends Peer {
  hold(on: boolean): void
}

/** What is wrong with the way between the fronts and a provider. */
export interface Way {
  readonly world: World
  readonly trouble: { readonly silent: boolean; readonly slowMs: number }
  /** The lines that are open for their front. */
  readonly open: Set<Line>
  /** The lines that may still carry something: also those whose end the provider has not heard of yet. */
  readonly known: Set<Line>
}

/** One open socket between a front and a provider, with two pipes that can be silent or slow. */
export class Line {
  readonly #peer: Peer
  readonly #way: Way
  readonly #toClient: Pipe
  readonly #toProvider: Pipe
  #cut = false
  /** What the front talks to. */
  readonly conversation: Conversation

  constructor(peer: Peer, accepted: Accepted, way: Way) {
    this.#peer = peer
    this.#way = way
    const toClient = (this.#toClient = new Pipe(way))
    const toProvider = (this.#toProvider = new Pipe(way))
    way.open.add(this)
    way.known.add(this)
    this.changed()
    const provider = accepted.open({
      send: (data) => toClient.push(() => peer.send(data)),
      close: (code, reason) => toClient.push(() => peer.close(code, reason)),
      terminate: () => toClient.push(() => peer.terminate()),
    })
    this.conversation = {
      message(data) {
        let done: void | Promise<void> = undefined
        toProvider.push(() => {
          done = provider.message(data)
        })
        return done
      },
      closed: (code, reason) => {
        way.open.delete(this)
        toClient.clear()
        const tell = () => {
          way.known.delete(this)
          provider.closed(code, reason)
        }
        // The provider of a half-open socket learns late that its client has gone; of one that it lost itself, at once.
        if (this.#cut) tell()
        else toProvider.push(tell)
      },
    }
  }

  /** The trouble of the way has changed. */
  changed(): void {
    if (isHoldable(this.#peer)) this.#peer.hold(this.#way.trouble.silent && !this.#cut)
    this.#toClient.pump()
    this.#toProvider.pump()
  }

  /** Ends the socket whatever else is wrong; what was on its way is lost. */
  cut(code?: number, reason?: string): void {
    this.#cut = true
    this.#way.open.delete(this)
    this.#toClient.clear()
    this.#toProvider.clear()
    if (isHoldable(this.#peer)) this.#peer.hold(false)
    if (code === undefined) this.#peer.terminate()
    else this.#peer.close(code, reason)
  }
}

const isHoldable = (peer: Peer): peer is HoldablePeer => 'hold' in peer

/** One direction of a line: carries at once, or late and in order. */
class Pipe {
  readonly #way: Way
  #waiting: { readonly carry: () => void; readonly at: number }[] = []
  #cancel = () => {}

  constructor(way: Way) {
    this.#way = way
  }

  push(carry: () => void): void {
    this.#waiting.push({ carry, at: this.#way.world.now() + this.#way.trouble.slowMs })
    this.pump()
  }

  pump(): void {
    this.#cancel()
    if (this.#way.trouble.silent) return
    const now = this.#way.world.now()
    while (this.#waiting[0] && (this.#way.trouble.slowMs === 0 || this.#waiting[0].at <= now)) this.#waiting.shift()?.carry()
    const next = this.#waiting[0]
    if (next) this.#cancel = this.#way.world.timer(() => this.pump(), next.at - now)
  }

  clear(): void {
    this.#cancel()
    this.#waiting = []
  }
}

import type { Accepted, Conversation, Peer } from '../provider.ts'
import type { Credential } from './keys.ts'

/** One open socket, whatever talks on it. */
export interface OpenSocket {
  readonly credential: Credential
  readonly peer: Peer
}

/** The sockets that are open now. */
export class OpenSockets {
  readonly #open = new Set<OpenSocket>()

  get open(): readonly OpenSocket[] {
    return [...this.#open]
  }

  /**
   * Wraps a conversation: nothing is sent or heard after either side closed, and `closed` is told exactly once, at once
   * when the emulator closes, so that a client that never answers the close leaves no chat active.
   */
  accept(credential: Credential, begin: (peer: Peer) => Conversation): Accepted {
    return {
      open: (peer) => {
        let end: [code: number, reason: string] | undefined
        let tell = (_code: number, _reason: string) => {}
        const finish = (code: number, reason: string) => {
          if (end) return
          end = [code, reason]
          this.#open.delete(socket)
          tell(code, reason)
        }
        const guarded: Peer = {
          send: (data) => {
            if (!end) peer.send(data)
          },
          close: (code = 1000, reason = '') => {
            if (end) return
            peer.close(code, reason)
            finish(code, reason)
          },
          terminate: () => {
            if (end) return
            peer.terminate()
            finish(1006, '')
          },
        }
        const socket: OpenSocket = { credential, peer: guarded }
        this.#open.add(socket)
        const conversation = begin(guarded)
        tell = (code, reason) => conversation.closed(code, reason)
        // It closed while it began, when there was nobody to tell.
        closedEarly(end, tell)
        return {
          message: (data) => {
            if (!end) void conversation.message(data)
          },
          closed: finish,
        }
      },
    }
  }
}

/** A function, because TypeScript does not see that `begin` may have set `end`. */
function closedEarly(end: [code: number, reason: string] | undefined, tell: (code: number, reason: string) => void): void {
  if (end) tell(...end)
}

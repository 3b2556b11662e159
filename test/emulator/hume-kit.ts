import { createHume, type Hume, type HumeOptions } from '../../src/emulator/hume.ts'
import type { Conversation, Peer } from '../../src/emulator/provider.ts'
import { manualWorld, type ManualWorld } from './manual-world.ts'

export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>

/** A client's side of one socket without a transport. */
export interface Wire {
  readonly texts: string[]
  readonly binaries: Uint8Array[]
  /** `[code, reason]`; 1006 when it was cut. */
  readonly closes: [code: number, reason: string][]
  /** The JSON frames so far. */
  frames(): Frame[]
  types(): string[]
  send(frame: object | string | Uint8Array<ArrayBuffer>): void
  leave(code?: number): void
}

export interface Kit {
  readonly world: ManualWorld
  readonly hume: Hume
  readonly request: (path: string, init?: RequestInit) => Promise<Response>
  /** The token exchange as the SDK does it. */
  readonly exchange: (pair?: { apiKey: string; secretKey: string }) => Promise<Response>
  readonly mint: () => Promise<string>
  /** Opens a socket; a refused handshake is its `Response`. */
  readonly dial: (path: string, headers?: Record<string, string>) => Promise<Wire | Response>
  /** Opens a chat with a fresh token. */
  readonly chat: (query?: Record<string, string>) => Promise<Wire>
}

export function kit(options: HumeOptions = {}): Kit {
  const world = manualWorld()
  const hume = createHume({ world, ...options })

  const request: Kit['request'] = (path, init) => hume.fetch(new Request(`https://api.hume.ai${path}`, init))

  const exchange: Kit['exchange'] = (pair = hume.installed[0] ?? { apiKey: '', secretKey: '' }) =>
    request('/oauth2-cc/token', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${pair.apiKey}:${pair.secretKey}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })

  const mint = async () => {
    const { access_token } = (await (await exchange()).json()) as { access_token: string }
    return access_token
  }

  const dial: Kit['dial'] = async (path, headers = {}) => {
    const outcome = await hume.upgrade({ url: new URL(path, 'wss://api.hume.ai'), headers: new Headers(headers), protocols: [] })
    return outcome instanceof Response ? outcome : wire((peer) => outcome.open(peer))
  }

  return {
    world,
    hume,
    request,
    exchange,
    mint,
    dial,
    async chat(query = {}) {
      const opened = await dial(`/v0/evi/chat?${new URLSearchParams({ access_token: await mint(), ...query })}`)
      return open(opened)
    },
  }
}

export function open(outcome: Wire | Response): Wire {
  if (outcome instanceof Response) throw new Error(`the handshake was refused with ${outcome.status}`)
  return outcome
}

/** Frames as they come; what the emulator closes is reported back to it once, as a real front does. */
function wire(begin: (peer: Peer) => Conversation): Wire {
  const texts: string[] = []
  const binaries: Uint8Array[] = []
  const closes: [number, string][] = []
  const conversation = begin({
    send: (data) => void (typeof data === 'string' ? texts.push(data) : binaries.push(data)),
    close: (code = 1005, reason = '') => void closes.push([code, reason]),
    terminate: () => void closes.push([1006, '']),
  })
  const frames = () => texts.map((text) => JSON.parse(text) as Frame)
  return {
    texts,
    binaries,
    closes,
    frames,
    types: () => frames().map(({ type }) => type),
    send: (frame) => void conversation.message(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    leave: (code = 1000) => conversation.closed(code, ''),
  }
}

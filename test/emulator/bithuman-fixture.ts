import { createBithuman, type Bithuman, type BithumanOptions } from '../../src/emulator/bithuman.ts'
import type { Conversation } from '../../src/emulator/provider.ts'
import { manualWorld, type ManualWorld } from './manual-world.ts'

export interface Fixture {
  readonly world: ManualWorld
  readonly bithuman: Bithuman
  /** A POST with the current secret (or the one given; null sends none), and what came back. */
  readonly post: (path: string, body?: unknown, secret?: string | null) => Promise<Answer>
  readonly get: (path: string, secret?: string | null) => Promise<Answer>
  /** A mint, or a beat if it names a transaction. */
  readonly mint: (transaction?: string, more?: object) => Promise<{ token: string; transaction: string }>
  readonly dial: (token: string, place?: string) => Promise<Socket>
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export interface Socket {
  /** What arrived, parsed. */
  readonly got: { type: string; [field: string]: unknown }[]
  readonly closed: { code: number; reason: string }[]
  readonly frames: () => number
  readonly say: (data: string | Uint8Array<ArrayBuffer>) => void
  readonly leave: () => void
}

export function fixture(options: BithumanOptions = {}): Fixture {
  const world = manualWorld()
  const bithuman = createBithuman({ world, ...options })
  const call = async (method: string, path: string, body: unknown, secret: string | null): Promise<Answer> => {
    const headers = new Headers(secret === null ? {} : { 'api-secret': secret })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const init: RequestInit = { method, headers, ...(text !== undefined && method !== 'GET' && { body: text }) }
    const response = await bithuman.fetch(new Request(`https://api.bithuman.ai${path}`, init))
    return { status: response.status, body: await response.json(), headers: response.headers }
  }
  const post = (path: string, body?: unknown, secret: string | null = bithuman.secret) => call('POST', path, body, secret)
  return {
    world,
    bithuman,
    post,
    get: (path, secret = bithuman.secret) => call('GET', path, undefined, secret),
    async mint(transaction, more = {}) {
      const { status, body } = await post('/v1/runtime-tokens/request', { ...(transaction && { transaction_id: transaction }), ...more })
      if (status !== 200) throw new Error(`mint refused: ${status} ${JSON.stringify(body)}`)
      const { data } = body as { data: { token: string; transaction_id: string } }
      return { token: data.token, transaction: data.transaction_id }
    },
    async dial(token, place = 'A1') {
      const url = new URL(`wss://runtime.example/v1/runtime/${place}?access_token=${token}`)
      const outcome = await bithuman.upgrade({ url, headers: new Headers(), protocols: [] })
      if (outcome instanceof Response) throw new Error(`refused: ${outcome.status}`)
      const got: Socket['got'] = []
      const closed: Socket['closed'] = []
      const line: { conversation?: Conversation } = {}
      const end = (code: number, reason: string) => {
        closed.push({ code, reason })
        line.conversation?.closed(code, reason)
      }
      const conversation = outcome.open({
        send: (data) => void got.push(JSON.parse(String(data)) as Socket['got'][number]),
        close: (code = 1005, reason = '') => end(code, reason),
        terminate: () => end(1006, ''),
      })
      line.conversation = conversation
      return {
        got,
        closed,
        frames: () => got.filter(({ type }) => type === 'frame').length,
        say: (data) => void conversation.message(data),
        leave: () => conversation.closed(1001, ''),
      }
    },
  }
}

import { createAgenthuman, type Agenthuman, type AgenthumanOptions } from '../../src/emulator/agenthuman.ts'
import type { Conversation } from '../../src/emulator/provider.ts'
import { manualWorld, type ManualWorld } from './manual-world.ts'

export type Fields = { readonly [field: string]: unknown }

export interface Answer {
  readonly status: number
  readonly body: Fields
  readonly headers: Headers
}

export interface Created {
  readonly session_id: string
  readonly session_token: string
  readonly [field: string]: unknown
}

export interface Socket {
  /** What arrived, parsed. */
  readonly got: { readonly type: string; readonly [field: string]: unknown }[]
  readonly closed: { code: number; reason: string }[]
  readonly types: () => string[]
  readonly say: (data: object | string | Uint8Array<ArrayBuffer>) => void
  readonly leave: () => void
}

export interface Fixture {
  readonly world: ManualWorld
  readonly agenthuman: Agenthuman
  /** A request below `/v1` with these headers and no credential of its own. */
  readonly request: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  /** The same with the newest API key. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** A JWT by one-time code. */
  readonly login: () => Promise<string>
  /** The same with a JWT. */
  readonly own: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** Creates a session of the current generation. */
  readonly create: (more?: object) => Promise<Created>
  readonly dial: (path?: string) => Promise<Socket>
  /** A new session with its socket up. */
  readonly meet: () => Promise<{ session: Created; socket: Socket }>
}

export const room = { platform: 'livekit', url: 'wss://lk.example', token: 'room-token' }

export function fixture(options: AgenthumanOptions = {}): Fixture {
  const world = manualWorld()
  const agenthuman = createAgenthuman({ world, ...options })
  const request: Fixture['request'] = async (method, path, body, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const init: RequestInit = { method, headers, ...(text !== undefined && { body: text }) }
    const response = await agenthuman.fetch(new Request(`https://api.agenthuman.com/v1${path}`, init))
    return { status: response.status, body: (await response.json()) as Fields, headers: response.headers }
  }
  const call: Fixture['call'] = (method, path, body) => request(method, path, body, { 'x-api-key': agenthuman.key })
  const login = async () => {
    await request('POST', '/auth/otp/request', { email: agenthuman.email })
    const { body } = await request('POST', '/auth/otp/verify', { email: agenthuman.email, otp: agenthuman.otp })
    return body['token'] as string
  }
  let token: string | undefined
  const own: Fixture['own'] = async (method, path, body) => {
    token ??= await login()
    return request(method, path, body, { authorization: `Bearer ${token}` })
  }
  const create: Fixture['create'] = async (more = {}) => {
    const { status, body } = await call('POST', '/sessions', { avatar: 'avat_x', room, ...more })
    if (status !== 200) throw new Error(`refused: ${status} ${JSON.stringify(body)}`)
    return body['session'] as Created
  }
  const dial: Fixture['dial'] = async (path = '/') => {
    const url = new URL(`wss://wss.agenthuman.com${path}`)
    const outcome = await agenthuman.upgrade({ url, headers: new Headers(), protocols: [] })
    if (!('open' in outcome)) throw new Error(`refused: ${outcome.status}`)
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
      types: () => got.map(({ type }) => type),
      say: (data) => void conversation.message(typeof data === 'string' || data instanceof Uint8Array ? data : JSON.stringify(data)),
      leave: () => conversation.closed(1001, ''),
    }
  }
  return {
    world,
    agenthuman,
    request,
    call,
    login,
    own,
    create,
    dial,
    async meet() {
      const session = await create()
      const socket = await dial()
      socket.say(init(session))
      return { session, socket }
    },
  }
}

export const init = ({ session_id, session_token }: Created) => ({ type: 'session.init', session_id, session_token })

/** An agent as the docs create it. */
export const agentBody = {
  name: 'Support Agent',
  avatar_image_url: 'https://cdn.example.com/avatars/support.jpg',
  voice_agent: { provider: 'ElevenLabs', agent_id: 'el_agent_xxxxxxxxxxxxxxxx', auth_method: 'public' },
}

/** So many samples of 16-bit PCM, all of this value, in base64. */
export function pcm(samples: number, value = 8192): string {
  return Buffer.from(Int16Array.from({ length: samples }, () => value).buffer).toString('base64')
}

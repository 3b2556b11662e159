import { createHmac } from 'node:crypto'
import { createHuechat, type Huechat, type HuechatOptions } from '../../src/emulator/huechat.ts'
import { manualWorld, type ManualWorld } from './manual-world.ts'

/** A webhook request as its receiver sees it. */
export interface Arrival {
  readonly id: string
  readonly type: string
  readonly retry_count: number
  readonly text: string
  readonly signature: string | null
  readonly body: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

export interface Kit {
  readonly world: ManualWorld
  readonly huechat: Huechat
  /** A request with the first key in `X-API-Key`, or with the given headers alone. */
  readonly ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  /** The same, of which the id is wanted; throws if it was refused. */
  readonly make: (path: string, body: unknown) => Promise<string>
  /** Registers a webhook and answers its signing secret. */
  readonly listen: (events: readonly string[], more?: object) => Promise<string>
  /** What came to the webhooks, oldest first. */
  readonly arrivals: Arrival[]
  /** The status that receivers answer; null is silence, 0 a connection that fails. */
  receiver: number | null
  /** Lets time pass, and then all that it started end. */
  readonly later: (ms: number) => Promise<void>
}

export const hosts = { live: 'https://api.huechat.ai', sandbox: 'https://sandbox.huechat.ai' }

export function kit(options: HuechatOptions = {}): Kit {
  const world = manualWorld()
  const arrivals: Arrival[] = []

  const deliver = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const body = JSON.parse(text) as Arrival
    arrivals.push({ ...body, text, signature: request.headers.get('x-huechat-signature'), body: { ...body } })
    if (self.receiver === null) return new Promise<never>(() => {})
    if (self.receiver === 0) throw new TypeError('fetch failed')
    return new Response(null, { status: self.receiver })
  }

  const huechat = createHuechat({ world, deliver, ...options })

  const ask: Kit['ask'] = async (method, path, body, headers = { 'x-api-key': huechat.key }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const request = new Request(`${hosts[huechat.environment]}${path}`, { method, headers, ...(text !== undefined && { body: text }) })
    const response = await huechat.fetch(request)
    const answer = await response.text()
    return { status: response.status, body: answer === '' ? {} : (JSON.parse(answer) as Answer['body']), headers: response.headers }
  }

  const make: Kit['make'] = async (path, body) => {
    const answer = await ask('POST', path, body)
    if (answer.status !== 201) throw new Error(`refused: ${JSON.stringify(answer.body)}`)
    return String(answer.body['id'])
  }

  const self: Kit = {
    world,
    huechat,
    ask,
    make,
    async listen(events, more = {}) {
      const { body } = await ask('POST', '/v2/webhooks', { url: 'https://receiver.example/hook', events, ...more })
      return String(body['signing_secret'])
    },
    arrivals,
    receiver: 200,
    async later(ms) {
      await world.pass(ms)
      await huechat.idle()
    },
  }
  return self
}

export const jane = { phone: '+1234567890', first_name: 'Jane', last_name: 'Smith', email: 'jane@example.com' }
export const hello = { channel: 'whatsapp', message_type: 'text', content: 'Hello Jane! Thanks for signing up.' }

/** What a receiver does: written here on its own, from the docstring. */
export function isSigned({ signature, text }: Pick<Arrival, 'signature' | 'text'>, secret: string, nowMs: number): boolean {
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? []
  if (seconds === undefined || Math.abs(nowMs / 1000 - Number(seconds)) > 300) return false
  return createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex') === mac
}

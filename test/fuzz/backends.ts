/** Answers of token endpoints, and what strangers send to a backend: through the code that reads them. */
import { callbackAsker, endpointAsker } from '../../src/io/token.ts'
import { received, parseCursor } from '../../src/protocol/cursor.ts'
import { SessionError } from '../../src/errors.ts'
import { clientFrame } from '../../src/server/gateway/client-frames.ts'
import { createLeases, type Lease } from '../../src/server/lease/lease.ts'
import { memoryStore } from '../../src/server/store/memory.ts'
import { huechatWebhooks } from '../../src/server/webhooks/huechat.ts'
import { webhookReceiver } from '../../src/server/webhooks/webhook.ts'
import { tokenAddress } from '../../src/wire/address.ts'
import { decode, encode } from '../../src/wire/frames.ts'
import { readGrant, readRefusal, type Answer } from '../../src/wire/grant.ts'
import type { Host } from '../../src/index.ts'
import type { Random } from '../simulation/random.ts'
import { bytes, mark, samples, text } from './inputs.ts'

/** Null, or what is wrong. */
type Target = (random: Random) => string | null | Promise<string | null>

const dayMs = 86_400_000

/** An answer is whole: every number is one that the core can count with, and nothing of the wire is in what people read. */
function answerIsWhole(answer: Answer): string | null {
  switch (answer.is) {
    case 'grant': {
      const { lifetimeMs, connectByMs, token, handle } = answer
      if (!(lifetimeMs > 0) || !(connectByMs === null || connectByMs > 0)) return `a life of ${lifetimeMs}, to connect ${connectByMs}`
      if (!/^[\x21-\x7e]{1,16384}$/.test(token)) return 'a token that is none'
      return handle === undefined || typeof handle === 'string' ? null : 'a handle that is no text'
    }
    case 'refused':
    case 'failed':
      if (!(answer.retryAfterMs >= 0 && answer.retryAfterMs <= dayMs)) return `Retry-After of ${answer.retryAfterMs}`
      return answer.detail.includes(mark) || answer.detail.length > 300 ? 'the wire shows' : null
    case 'forbidden':
      return answer.detail.includes(mark) ? 'the wire shows' : null
    default:
      return answer satisfies never
  }
}

const statuses = [200, 200, 200, 201, 204, 400, 401, 402, 403, 404, 409, 418, 429, 500, 503]
const types = ['application/json', 'application/json; charset=utf-8', 'application/problem+json', 'text/html', 'application/jsonp', '']

/** What no header can carry reaches nobody. */
function headersOf(entries: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers()
  for (const [name, value] of entries) {
    try {
      headers.set(name, value)
    } catch {
      // As in a browser.
    }
  }
  return headers
}

let answer: () => Promise<Response> = () => Promise.reject(new Error('nobody asked'))
const host = { fetch: () => answer(), wall: () => 1_700_000_000_000 } as unknown as Host
const asker = endpointAsker({ url: '/token' }, host)
const ask = { reason: 'connect', attempt: 0, handle: undefined, signal: new AbortController().signal } as const

async function endpoint(random: Random): Promise<string | null> {
  const status = random.one(statuses)
  const body = status === 204 ? null : random.chance(0.1) ? bytes(random) : text(random, samples.grants)
  const headers = headersOf([
    ['content-type', random.chance(0.8) ? types[0]! : random.chance(0.5) ? random.one(types) : text(random, samples.words)],
    ['retry-after', text(random, samples.words)],
  ])
  answer = () =>
    random.chance(0.05)
      ? Promise.reject(new TypeError(`no ${text(random, [mark])}`))
      : Promise.resolve(new Response(body, { status, headers }))
  const heard = await asker.ask(ask, 300_000)
  if (heard.is === 'failed' && heard.no === 'network') return null
  return answerIsWhole(heard)
}

/** Not even to be looked at. */
const touchy = {
  get error(): never {
    throw new Error(`${mark}.token`)
  },
}

async function callback(random: Random): Promise<string | null> {
  const returned = parsed(text(random, samples.grants))
  const odd = random.next()
  const heard = await callbackAsker(() => {
    if (odd < 0.1) throw returned as Error
    if (odd < 0.2) throw new SessionError('quota', 'as you like')
    return (odd > 0.95 ? touchy : returned) as never
  }).ask(ask, 300_000)
  return answerIsWhole(heard)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return json
  }
}

const grant: Target = (random) =>
  answerIsWhole(readGrant(parsed(text(random, samples.grants)), 300_000)) ??
  answerIsWhole(readRefusal(random.one(statuses), parsed(text(random, samples.grants)), text(random, samples.words), 1_700_000_000_000))

const fields: Readonly<Record<string, readonly string[]>> = {
  hello: ['type', 'version', 'access_token', 'cursor'],
  renew: ['type', 'access_token'],
  ack: ['type', 'seq'],
  ping: ['type'],
  message: ['type', 'message'],
}

const gatewayFrame: Target = (random) => {
  const frame = clientFrame(text(random, samples.frames))
  if (frame === null) return null
  const known = fields[frame.type]
  return known && Object.keys(frame).every((key) => known.includes(key)) ? null : `a frame with ${Object.keys(frame).join()}`
}

const cursor: Target = (random) => {
  const place = parseCursor(text(random, samples.words))
  if (place && !(Number.isSafeInteger(place.seq) && /^[\w-]{1,64}$/.test(place.stream))) return `a cursor of ${place.seq}`
  const frame = parsed(text(random, samples.frames))
  if (typeof frame !== 'object' || frame === null) return null
  const at = received('a.1', frame)
  return at === undefined || parseCursor(at.cursor) !== null ? null : `a receiver at ${at.cursor}`
}

const wire: Target = (random) => {
  const message = text(random)
  const decoded = decode(message, undefined)
  if (!decoded.ok) return decoded.issue.includes(mark) || decoded.bytes !== message.length ? 'an issue that tells too much' : null
  // What is nested thousands deep can be read and not written; that is the application's to know.
  if (typeof decoded.frame === 'string' || message.length > 5_000) return null
  return typeof encode(decoded.frame, undefined) === 'string' ? null : 'what was read cannot be written'
}

const address: Target = (random) => {
  const given = random.chance(0.5) ? text(random, samples.words) : `wss://x.test/${mark}?${text(random, samples.words)}`
  try {
    const { protocol, username, hash } = tokenAddress('url', given, 'wss')
    return (protocol === 'wss:' || protocol === 'ws:') && username === '' && hash === '' ? null : `an address of ${protocol}`
  } catch (error) {
    return error instanceof TypeError && !error.message.includes(mark) ? null : `an address made ${String(error)}`
  }
}

const now = 1_700_000_000_000
const leases = createLeases({
  keys: [{ kid: 'k', secret: 'x'.repeat(32) }],
  audience: 'https://x.test',
  store: memoryStore(),
  now: () => now,
})
const signed = leases.sign({ user: 'ann', scopes: ['a'], epoch: 0, lifetimeSeconds: 60 })

async function lease(random: Random): Promise<string | null> {
  const good = await signed
  const token = text(random, [good])
  const read: Lease | string = await leases.read(token, 'https://app.test')
  return typeof read === 'string' || token === good ? null : 'a lease that we never signed'
}

let audience = 0
const secret = 'whsec'
const receive = webhookReceiver({
  name: 'huechat',
  store: memoryStore(),
  now: () => now,
  report: (error) => (reported = error),
  source: huechatWebhooks({ audience: () => (audience++, ['ann']), secret: () => secret }),
})
let reported: unknown

async function webhook(random: Random): Promise<string | null> {
  const body = text(random, samples.webhooks)
  const utf8 = Buffer.from(body)
  const seconds = Math.floor(now / 1000)
  const own = random.chance(0.3)
  const hex = own ? await hmac(`${seconds}.${utf8.toString()}`) : '0'.repeat(64)
  const headers = headersOf([
    ['x-huechat-signature', own || random.chance(0.5) ? `t=${seconds},v1=${hex}` : text(random, [`t=${seconds},v1=${hex}`])],
    ['content-type', text(random, ['application/json'])],
  ])
  audience = 0
  reported = undefined
  const response = await receive(
    new Request('https://x.test/webhooks/huechat', { method: 'POST', headers, body: random.chance(0.1) ? bytes(random) : utf8 }),
  )
  if (![200, 400, 401, 409, 413].includes(response.status)) return `a webhook was answered with ${response.status}: ${String(reported)}`
  if (!own && audience > 0) return 'a webhook that nobody signed was heard'
  return reported instanceof Error ? String(reported) : null
}

const key = crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
async function hmac(of: string): Promise<string> {
  return Buffer.from(await crypto.subtle.sign('HMAC', await key, new TextEncoder().encode(of))).toString('hex')
}

/** How many of a hundred inputs each gets: what is cheap gets more. */
const shares: readonly (readonly [string, Target, number])[] = [
  ['endpoint', endpoint, 8],
  ['callback', callback, 8],
  ['grant', grant, 20],
  ['gateway frame', gatewayFrame, 20],
  ['cursor', cursor, 14],
  ['wire', wire, 14],
  ['address', address, 8],
  ['lease', lease, 4],
  ['webhook', webhook, 4],
]

export async function fuzzBackends(count: number, random: Random): Promise<string[]> {
  const wrong: string[] = []
  const turns = shares.flatMap(([name, target, share]) => Array.from({ length: share }, () => [name, target] as const))
  for (let input = 0; input < count && wrong.length < 5; input++) {
    const [name, target] = turns[input % turns.length]!
    try {
      const found = await target(random)
      if (found !== null) wrong.push(`${name}: ${found}`)
    } catch (error) {
      wrong.push(`${name}: ${error instanceof Error ? error.stack : String(error)} escaped`)
    }
  }
  return wrong
}

import { Account } from './huechat/account.ts'
import { notFound, refuse, invalid } from './huechat/answers.ts'
import { letters, timeOf } from './huechat/chance.ts'
import { Deliveries, type Delivery, type Flaw } from './huechat/deliveries.ts'
import { admit } from './huechat/door.ts'
import { fieldsOf, type Fields } from './huechat/fields.ts'
import { type Environment, type Key, Keys, type ListedKey, type NewKey, prefixes } from './huechat/keys.ts'
import { planOf, Usage } from './huechat/limits.ts'
import type { HuechatOptions } from './huechat/options.ts'
import { type ChannelType, channelTypes, type Message } from './huechat/records.ts'
import { routeAt } from './huechat/routes.ts'
import type { Provider } from './provider.ts'
import { realWorld } from './world.ts'

export type { Delivery, Flaw } from './huechat/deliveries.ts'
export type { Environment, ListedKey, NewKey } from './huechat/keys.ts'
export type { Plan, PlanOption } from './huechat/limits.ts'
export type { HuechatOptions } from './huechat/options.ts'
export type { ChannelType, EventType } from './huechat/records.ts'
export type { Scope } from './huechat/scopes.ts'

/** One environment of an emulated HueChat: its REST API and its webhooks, with the controls of the dashboard and of bad luck. */
export interface Huechat extends Provider {
  readonly environment: Environment
  readonly organizationId: string
  /** The key that was there at first: full access. Its text stays here after it has been deleted. */
  readonly key: string
  /** The keys that work now, as the dashboard lists them. */
  readonly keys: readonly ListedKey[]
  /** Makes a key and answers it, as the dashboard does once. */
  createKey(options?: NewKey): string
  /** The first step of a rotation: a second key with the same rights, which is answered. The old one works until it is deleted. */
  rotateKey(keyOrId: string): string
  /** The key is dead before this returns. Throws a `TypeError` if there is none. */
  deleteKey(keyOrId: string): void
  readonly counts: HuechatCounts
  /** Every key and signing secret ever given out, dead ones too: what a canary test looks for. */
  secrets(): string[]

  /**
   * A contact, by id, phone number or email address, writes. An address that is new becomes a contact first; an id that is
   * unknown is a `TypeError`. Default channel: `whatsapp`.
   */
  incoming(contact: string, content: string, channel?: ChannelType): Message
  /** A contact reads a message: `message.read`. False if there is none that was unread. */
  read(messageId: string): boolean
  /** Sends any event, of a type that HueChat does not have too, to the webhooks that listen. Answers the event's id. */
  sendEvent(type: string, about: object): string
  /** Every request to a receiver so far, oldest first. */
  readonly deliveries: readonly Delivery[]
  /** Settles when no webhook request is under way; retries that wait for their time do not count. */
  idle(): Promise<void>
  /** Holds first attempts back until they are released. */
  holdWebhooks(): void
  /** Sends what was held, one after the other; `reversed`: the latest first. */
  releaseWebhooks(order?: 'as-held' | 'reversed'): void
  /** The same bytes and the same signature once more. Answers to how many webhooks. */
  replayWebhook(eventId: string): number
  /** The same event signed anew, as at-least-once delivery may bring it. Answers to how many webhooks. */
  duplicateWebhook(eventId: string): number
  /** A request to every active webhook that its receiver must refuse. Default: a `message.received`. Answers to how many. */
  forgeWebhook(flaw: Flaw, type?: string, about?: object): number
}

export interface HuechatCounts {
  /** HTTP requests answered. */
  readonly requests: number
  /** Those answered with 400 or more. */
  readonly refused: number
  /** Messages that went to a real contact, and count toward the plan. Always 0 in the sandbox. */
  readonly sent: number
  /** Messages that the sandbox pretended to send. */
  readonly simulated: number
  /** Messages from contacts. */
  readonly received: number
  /** Events that a receiver took (2xx). */
  readonly delivered: number
  /** Events that no attempt brought through. */
  readonly givenUp: number
}

/**
 * HueChat's REST API below `/v2` and its signed webhooks, written from its docs; what they leave open is marked "ours" where
 * it is decided. One provider is one environment: `https://api.huechat.ai/v2` or, with `environment: 'sandbox'`,
 * `https://sandbox.huechat.ai/v2`. Each has an origin (or a path of `mount`) of its own, as in reality, and nothing in common
 * but the form of the keys, by which each refuses the other's. No CORS and no WebSocket: it speaks to servers only.
 */
export function createHuechat(options: HuechatOptions = {}): Huechat {
  const { world = realWorld(), environment = 'live', errors = 'key pages', requireHttps = false } = options
  const plan = planOf(options.plan ?? 'pro', environment)
  const given: string[] = []
  const give = (secret: string) => void given.push(secret)
  const organizationId = options.organizationId ?? 'org_12345'
  if (options.key !== undefined && !options.key.startsWith(prefixes[environment])) {
    throw new TypeError(`key: a key of this environment begins with ${prefixes[environment]}`)
  }
  const keys = new Keys(world, environment, plan, give)
  const key = keys.create({ name: 'Default' }, options.key).secret
  const account: Account = new Account(world, {
    environment,
    plan,
    channels: options.channels ?? channelTypes,
    deliveryMs: options.deliveryMs ?? 1000,
    whatsappWindow: options.whatsappWindow ?? false,
    publish: (type, about) => void deliveries.publish(type, about),
    given: give,
  })
  const deliveries = new Deliveries(world, {
    deliver: options.deliver ?? ((request) => fetch(request)),
    organizationId,
    deadlineMs: options.webhookDeadlineMs ?? 10_000,
    retryMs: options.webhookRetryMs ?? 5000,
    retries: options.webhookRetries ?? 5,
    webhooks: account.webhooks,
  })
  /** What somebody without a valid key sees of limits: those of the plan, untouched (ours). */
  const stranger = new Usage(plan)
  const counts = { requests: 0, refused: 0 }

  function answer(request: Request, who: Key | Response, body: Fields | null): Response {
    if (!('usage' in who)) return who
    const now = world.now()
    who.lastUsedAt = now
    const retryAfter = who.usage.take(now)
    if (retryAfter > 0) return refuse('rate_limited', `Rate limit exceeded. Retry after ${retryAfter} seconds.`, { retryAfter })
    const url = new URL(request.url)
    const found = routeAt(request.method, url.pathname)
    if (!found) return notFound('Endpoint')
    const { scope } = found.route
    if (!who.permissions.includes(scope)) {
      const action = errors === 'reference' ? scope : 'this action'
      const details = { required_permission: scope, key_permissions: who.permissions }
      return refuse('forbidden', `API key does not have permission for ${action}`, { details })
    }
    if (body === null) return invalid('body', 'Must be a JSON object')
    return found.route.answer({ account, name: found.name, query: url.searchParams, body })
  }

  /** The headers that are on every response; and, if asked for, the fields that today's error reference puts into every error. */
  async function dressed(response: Response, usage: Usage): Promise<Response> {
    const headers = { ...Object.fromEntries(response.headers), ...usage.headers(world.now()) }
    if (response.ok || errors === 'key pages') return new Response(response.body, { status: response.status, headers })
    const body = (await response.json()) as object
    const more = { request_id: `req_${letters(world, 12)}`, timestamp: timeOf(world.now()) }
    return Response.json({ ...body, ...more }, { status: response.status, headers })
  }

  return {
    name: 'huechat',
    environment,
    organizationId,
    key,

    async fetch(request) {
      counts.requests++
      const body = await fieldsOf(request)
      // Nothing is awaited between the door and the deed: a key deleted in between cannot do half a thing.
      const who = admit(request, { keys, environment, requireHttps })
      const response = answer(request, who, body)
      if (!response.ok) counts.refused++
      return dressed(response, 'usage' in who ? who.usage : stranger)
    },

    upgrade: async () => dressed(notFound('WebSocket'), stranger),

    get keys() {
      return keys.listed
    },
    createKey: (about = {}) => keys.create(about).secret,
    rotateKey: (keyOrId) => keys.successor(keyOrId).secret,
    deleteKey: (keyOrId) => keys.delete(keyOrId),
    get counts() {
      return { ...counts, ...account.counts, ...deliveries.counts }
    },
    secrets: () => [...given],

    incoming(reference, content, channel = 'whatsapp') {
      const contact = account.contact(reference) ?? account.addContact(addressIn(reference))
      return { ...account.receive(contact, channel, { message_type: 'text', content }) }
    },
    read: (messageId) => account.read(messageId),
    sendEvent: (type, about) => deliveries.publish(type, about),
    get deliveries() {
      return [...deliveries.log]
    },
    idle: () => deliveries.idle(),
    holdWebhooks: () => deliveries.hold(),
    releaseWebhooks: (order = 'as-held') => deliveries.release(order === 'reversed'),
    replayWebhook: (eventId) => deliveries.replay(eventId),
    duplicateWebhook: (eventId) => deliveries.duplicate(eventId),
    forgeWebhook: (flaw, type = 'message.received', about = {}) => deliveries.forge(flaw, type, about),
  }
}

function addressIn(reference: string): { phone: string } | { email: string } {
  if (reference.includes('@')) return { email: reference }
  if (reference.startsWith('+')) return { phone: reference }
  throw new TypeError('incoming: no contact has this id; give a phone number (+…) or an email address for a new one.')
}

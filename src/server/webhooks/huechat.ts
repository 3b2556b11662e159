import * as z from 'zod/mini'
import { fromEnvironment } from '../mint/long-lived-key.ts'
import { isSignedBy, secretsOf } from './signature.ts'
import type { Secrets } from './signature.ts'
import type { WebhookSource } from './webhook.ts'

/** What HueChat tells its webhooks. Source: developer.huechat.ai, guides/webhooks. */
export interface HueChatWebhook {
  readonly id: string
  readonly type: string
  readonly timestamp: string | number
  readonly data: Readonly<Record<string, unknown>>
  readonly organization_id?: string | null | undefined
  readonly retry_count?: number | null | undefined
}

export interface HueChatWebhooksOptions {
  /** The users of your application who hear of an event; none: nobody. Required, because HueChat does not know your users. */
  readonly audience: (event: HueChatWebhook) => readonly string[] | Promise<readonly string[]>
  /** The `signing_secret` of the webhook; several while you change it. Default: `HUECHAT_WEBHOOK_SECRET` of the environment. */
  readonly secret?: () => Secrets | Promise<Secrets>
  /**
   * How a webhook is signed. HueChat says that it is, but not how (neither header nor algorithm), so the default is ours:
   * `X-HueChat-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. Return the seconds at which it was signed
   * if the signature is right, else null.
   */
  readonly verify?: (headers: Headers, body: string, secrets: readonly string[]) => number | null | Promise<number | null>
  /** How old a signature may be, in ms, either way. Default 300 000. */
  readonly toleranceMs?: number
}

const told = z.looseObject({
  id: z.string().check(z.minLength(1), z.maxLength(256)),
  type: z.string().check(z.minLength(1), z.maxLength(256)),
  timestamp: z.union([z.string(), z.number()]),
  data: z.looseObject({}),
})

/** HueChat's webhooks, for `createGateway({ webhooks: { huechat: huechatWebhooks({ audience }) } })`. Throws `TypeError` without an audience. */
export function huechatWebhooks(options: HueChatWebhooksOptions): WebhookSource<HueChatWebhook> {
  const { audience, verify = signedByUs, toleranceMs = 300_000 } = options
  const secret = options.secret ?? (() => fromEnvironment('HUECHAT_WEBHOOK_SECRET'))
  if (typeof audience !== 'function') throw new TypeError('audience: say which of your users hear of an event')
  return {
    audience,
    async read(headers, body, now) {
      const secrets = await secretsOf(secret)
      if (secrets.length === 0) throw new Error('no signing secret: HUECHAT_WEBHOOK_SECRET is not set')
      if (verify === signedByUs && !headers.has(header)) return 'unsigned'
      const signedAt = await verify(headers, body, secrets)
      if (signedAt === null) return 'forged'
      if (!(Math.abs(now - signedAt * 1000) <= toleranceMs)) return 'stale'
      const event = parsed(body)
      if (event === null) return 'malformed'
      const signature = headers.get(header)
      return { id: event.id, event, scope: scopeOf(event.type), ...(signature !== null && { nonce: signature }) }
    },
  }
}

const header = 'x-huechat-signature'

async function signedByUs(headers: Headers, body: string, secrets: readonly string[]): Promise<number | null> {
  const [, seconds, hex] = /^t=(\d{1,12}),v1=([0-9a-fA-F]{64})$/.exec(headers.get(header) ?? '') ?? []
  if (seconds === undefined || hex === undefined) return null
  return (await isSignedBy(secrets, `${seconds}.${body}`, hex)) ? Number(seconds) : null
}

/** HueChat's own scopes. An event of a kind that is not known needs full access. */
function scopeOf(type: string): string {
  if (/^(message|conversation)\./.test(type)) return 'conversations:read'
  return type.startsWith('contact.') ? 'contacts:read' : '*'
}

function parsed(body: string): HueChatWebhook | null {
  try {
    const { success, data } = told.safeParse(JSON.parse(body))
    return success ? data : null
  } catch {
    return null
  }
}

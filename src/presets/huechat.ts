import { gateway } from './gateway.ts'
import type { HueChatEvent } from './huechat.schemas.ts'
import type { MessageSchemas, Preset } from './preset.ts'

export { readForwarded } from './forwarded.ts'
export type { ForwardedAnswer, ForwardedCode, ForwardedError, ForwardedRate } from './forwarded.ts'
export type { HueChatEvent, HueChatEventType } from './huechat.schemas.ts'

export interface HueChatOptions {
  /** Where your gateway's socket is, `wss://…` (`ws://` on loopback only). */
  readonly url: string
  /** Where your gateway forwards HueChat's REST, `https://…`. Default: the host of `url`. */
  readonly rest?: string
  /** `query` puts the lease into the address as `?access_token=`. Default: the first frame. */
  readonly lease?: 'first-frame' | 'query'
  /** Deep checks at run time: `hueChatSchemas` from `heartwire/presets/huechat/schemas`. Default: none. */
  readonly schemas?: MessageSchemas<HueChatEvent, never>
}

/**
 * HueChat in a page. HueChat has API keys only, server to server, and no socket: so the socket, its lease and its protocol
 * are those of your own gateway (PROTOCOL.md), which holds the key, turns HueChat's webhooks into events of this session and
 * forwards its REST API: `fetchWith(session, '/v2/contacts')`. The lease carries HueChat's own scopes.
 *
 * Throws `TypeError` for an option that cannot be right.
 *
 * @see https://developer.huechat.ai/docs/guides/webhooks
 */
export function hueChat({ url, rest, lease, schemas }: HueChatOptions): Preset<HueChatEvent, never> {
  return gateway<HueChatEvent, never>({
    name: 'HueChat',
    url,
    rest,
    lease,
    schemas,
  })
}

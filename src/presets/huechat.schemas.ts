import * as z from 'zod/mini'
import type { MessageSchemas } from './preset.ts'

/**
 * HueChat's webhook events, as the gateway hands them on. Source: developer.huechat.ai, guides/webhooks. What `data` holds is
 * documented by example only, so it is an object of whatever there is; an event that is not listed passes as it is.
 */
const eventTypes = [
  'message.received',
  'message.sent',
  'message.delivered',
  'message.read',
  'conversation.created',
  'conversation.updated',
  'conversation.resolved',
  'conversation.assigned',
  'contact.created',
  'contact.updated',
  'contact.deleted',
] as const

export type HueChatEventType = (typeof eventTypes)[number]

export interface HueChatEvent {
  /** `evt_…`; the gateway delivers each once. */
  readonly id: string
  /** One of the documented types today, perhaps another one tomorrow. */
  readonly type: HueChatEventType | (string & {})
  /** As HueChat writes it. */
  readonly timestamp: string | number
  readonly data: Readonly<Record<string, unknown>>
  readonly organization_id?: string | null
  /** How often HueChat had tried to deliver it before. */
  readonly retry_count?: number | null
}

const event = /*#__PURE__*/ (() =>
  z.looseObject({
    id: z.string(),
    type: z.string(),
    timestamp: z.union([z.string(), z.number()]),
    data: z.looseObject({}),
    organization_id: z.nullish(z.string()),
    retry_count: z.nullish(z.number()),
  }))()

/** Deep checks at run time, for `hueChat({ schemas: hueChatSchemas })`. */
export const hueChatSchemas: MessageSchemas<HueChatEvent, never> = {
  inbound: event,
}

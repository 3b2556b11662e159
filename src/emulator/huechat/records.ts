/** What the account keeps, in the field names of the wire. Times are ISO 8601 in UTC. */
export const channelTypes = ['whatsapp', 'instagram', 'sms', 'email'] as const

export type ChannelType = (typeof channelTypes)[number]

export const isChannelType = (value: unknown): value is ChannelType => channelTypes.some((type) => type === value)

export interface Contact {
  readonly id: string
  phone: string | null
  email: string | null
  first_name: string | null
  last_name: string | null
  full_name: string | null
  preferred_channel: ChannelType | null
  status: 'active' | 'inactive' | 'deleted'
  metadata: Readonly<Record<string, unknown>>
  readonly created_at: string
  updated_at: string
  last_contacted: string | null
}

export interface Conversation {
  readonly id: string
  readonly contact_id: string
  readonly channel: ChannelType
  subject: string | null
  /** A resolved conversation is `closed` (ours: the docs have the event and the three statuses, not what joins them). */
  status: 'open' | 'closed' | 'archived'
  priority: string
  assigned_to: { readonly id: string; readonly name: string } | null
  labels: readonly string[]
  readonly created_at: string
  last_message_at: string
  /** Oldest first. On the wire they have an address of their own. */
  readonly messages: Message[]
}

export interface Message {
  readonly id: string
  readonly conversation_id: string
  readonly contact_id: string
  readonly channel: ChannelType
  readonly message_type: string
  readonly content: string | null
  status: 'sent' | 'delivered' | 'read'
  readonly sent_by: 'user' | 'contact'
  readonly sent_at: string
  delivered_at: string | null
  read_at: string | null
  readonly template_name?: string
  readonly template_parameters?: Readonly<Record<string, unknown>>
}

export interface Channel {
  readonly id: string
  readonly type: ChannelType
  readonly name: string
  readonly status: 'connected'
  readonly connected_at: string
}

export interface User {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
}

export interface Webhook {
  readonly id: string
  url: string
  events: readonly string[]
  active: boolean
  retry_policy: 'exponential' | 'linear'
  readonly signing_secret: string
  readonly created_at: string
  updated_at: string
}

/** Every event that the webhooks guide lists. */
export const eventTypes = [
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

export type EventType = (typeof eventTypes)[number]

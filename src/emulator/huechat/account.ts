import type { World } from '../provider.ts'
import { idOf, timeOf } from './chance.ts'
import type { Environment } from './keys.ts'
import type { Plan } from './limits.ts'
import type { Channel, ChannelType, Contact, Conversation, EventType, Message, User, Webhook } from './records.ts'

export interface AccountTraits {
  readonly environment: Environment
  readonly plan: Plan
  readonly channels: readonly ChannelType[]
  /** Ms from `message.sent` to `message.delivered`. */
  readonly deliveryMs: number
  readonly whatsappWindow: boolean
  /** Tells the webhooks. The record is shown as it is now. */
  readonly publish: (type: EventType, about: object) => void
  /** A secret has been made. */
  readonly given: (secret: string) => void
}

/** What is said in a message: the fields that its sender chooses. */
export type Said = Pick<Message, 'message_type' | 'content' | 'template_name' | 'template_parameters'>

const day = 86_400_000

/** One organisation's contacts, conversations, channels, users and webhooks in one environment. */
export class Account {
  readonly world: World
  readonly traits: AccountTraits
  readonly contacts = new Map<string, Contact>()
  readonly conversations = new Map<string, Conversation>()
  readonly channels = new Map<string, Channel>()
  readonly users = new Map<string, User>()
  readonly webhooks = new Map<string, Webhook>()
  settings: Readonly<Record<string, unknown>> = {}
  /** Messages that left for a real channel, and those that a sandbox only pretended to send. */
  readonly counts = { sent: 0, simulated: 0, received: 0 }
  #month = { is: '', sent: 0 }

  constructor(world: World, traits: AccountTraits) {
    this.world = world
    this.traits = traits
    for (const type of traits.channels) this.connect(type, type)
  }

  get now(): string {
    return timeOf(this.world.now())
  }

  id(kind: string): string {
    return idOf(this.world, kind)
  }

  connect(type: ChannelType, name: string): Channel {
    const channel: Channel = { id: this.id('ch'), type, name, status: 'connected', connected_at: this.now }
    this.channels.set(channel.id, channel)
    return channel
  }

  /** A contact by id, phone number or email address, as `GET /v2/contact/{…}` takes them. Deleted ones are not found. */
  contact(reference: string): Contact | undefined {
    const all = [...this.contacts.values()].filter(({ status }) => status !== 'deleted')
    return all.find(({ id, phone, email }) => reference === id || reference === phone || reference === email)
  }

  addContact(about: Partial<Contact>): Contact {
    const now = this.now
    const fields = { phone: null, email: null, first_name: null, last_name: null, preferred_channel: null, metadata: {}, ...about }
    const contact: Contact = {
      id: this.id('cnt'),
      ...fields,
      full_name: null,
      status: 'active',
      created_at: now,
      updated_at: now,
      last_contacted: null,
    }
    contact.full_name = fullName(contact)
    this.contacts.set(contact.id, contact)
    this.traits.publish('contact.created', contact)
    return contact
  }

  changeContact(contact: Contact, about: Partial<Contact>): void {
    Object.assign(contact, about, { updated_at: this.now })
    contact.full_name = fullName(contact)
    this.traits.publish('contact.updated', contact)
  }

  deleteContact(contact: Contact): void {
    Object.assign(contact, { status: 'deleted', updated_at: this.now })
    this.traits.publish('contact.deleted', contact)
  }

  /** The open conversation with a contact over a channel, begun if there is none. */
  conversation(contact: Contact, channel: ChannelType): Conversation {
    const all = [...this.conversations.values()]
    const open = all.find((one) => one.contact_id === contact.id && one.channel === channel && one.status === 'open')
    if (open) return open
    const begun: Conversation = {
      id: this.id('conv'),
      contact_id: contact.id,
      channel,
      subject: null,
      status: 'open',
      priority: 'normal',
      assigned_to: null,
      labels: [],
      created_at: this.now,
      last_message_at: this.now,
      messages: [],
    }
    this.conversations.set(begun.id, begun)
    this.traits.publish('conversation.created', this.shown(begun))
    return begun
  }

  /** Sends to a contact: `message.sent` now, `message.delivered` later. The contact's own messages count as read from now on. */
  send(conversation: Conversation, said: Said): Message {
    const message = this.#add(conversation, said, { status: 'sent', sent_by: 'user', delivered_at: null })
    const contact = this.contacts.get(conversation.contact_id)
    if (contact) contact.last_contacted = message.sent_at
    for (const one of conversation.messages) if (one.sent_by === 'contact') one.read_at ??= this.now
    if (this.traits.environment === 'sandbox') this.counts.simulated++
    else this.counts.sent++
    this.#thisMonth().sent++
    this.traits.publish('message.sent', message)
    this.world.timer(() => this.#deliver(message), this.traits.deliveryMs)
    return message
  }

  /** A contact has written. */
  receive(contact: Contact, channel: ChannelType, said: Said): Message {
    const conversation = this.conversation(contact, channel)
    const message = this.#add(conversation, said, { status: 'delivered', sent_by: 'contact', delivered_at: this.now })
    this.counts.received++
    this.traits.publish('message.received', message)
    return message
  }

  /** A contact has read a message, which was therefore delivered. False if there is no such message or it has been read. */
  read(messageId: string): boolean {
    const message = [...this.conversations.values()].flatMap(({ messages }) => messages).find(({ id }) => id === messageId)
    if (!message || message.sent_by === 'contact' || message.status === 'read') return false
    this.#deliver(message)
    Object.assign(message, { status: 'read', read_at: this.now })
    this.traits.publish('message.read', message)
    return true
  }

  /** Whether WhatsApp lets free text through: for 24 hours after the contact's last message. */
  windowOpen(contact: Contact): boolean {
    const mine = [...this.conversations.values()].filter((one) => one.contact_id === contact.id && one.channel === 'whatsapp')
    const heard = mine.flatMap(({ messages }) => messages).filter(({ sent_by }) => sent_by === 'contact')
    return heard.some(({ sent_at }) => this.world.now() - Date.parse(sent_at) < day)
  }

  /** Seconds until the plan has messages again, or 0 if it has some now. */
  messagesIn(): number {
    if (this.#thisMonth().sent < this.traits.plan.messagesPerMonth) return 0
    const now = new Date(this.world.now())
    return Math.ceil((Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) - now.getTime()) / 1000)
  }

  /** A conversation as the API shows it. */
  shown({ messages, ...about }: Conversation): object {
    const contact = this.contacts.get(about.contact_id)
    return {
      ...about,
      contact: contact ? { id: contact.id, full_name: contact.full_name, phone: contact.phone } : null,
      message_count: messages.length,
      unread_count: messages.filter(({ sent_by, read_at }) => sent_by === 'contact' && read_at === null).length,
      last_message_preview: messages.at(-1)?.content ?? null,
    }
  }

  #add(conversation: Conversation, said: Said, how: Pick<Message, 'status' | 'sent_by' | 'delivered_at'>): Message {
    const { id, contact_id, channel } = conversation
    const message = { id: this.id('msg'), conversation_id: id, contact_id, channel, ...said, ...how, sent_at: this.now, read_at: null }
    conversation.messages.push(message)
    conversation.last_message_at = message.sent_at
    return message
  }

  #deliver(message: Message): void {
    if (message.status !== 'sent') return
    Object.assign(message, { status: 'delivered', delivered_at: this.now })
    this.traits.publish('message.delivered', message)
  }

  #thisMonth(): { is: string; sent: number } {
    const is = this.now.slice(0, 7)
    if (this.#month.is !== is) this.#month = { is, sent: 0 }
    return this.#month
  }
}

const fullName = ({ first_name, last_name }: Contact): string | null => [first_name, last_name].filter(Boolean).join(' ') || null

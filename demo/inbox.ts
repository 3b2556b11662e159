/** What an application would keep of HueChat: conversations, from lists over REST and from events as they come. No DOM. */
import { fetchWith } from '../src/index.ts'
import type { Session } from '../src/index.ts'
import type { HueChatEvent } from '../src/presets/huechat.ts'

export interface Message {
  readonly id: string
  readonly content: string
  readonly from: 'user' | 'contact'
  /** HueChat's own word: `sent`, `delivered`, `read`. */
  readonly status: string
}

export interface Conversation {
  readonly id: string
  contactId: string
  channel: string
  name: string
  unread: number
  /** By id, oldest first. */
  readonly messages: Map<string, Message>
}

/** What the last REST call brought. */
export interface RestAnswer {
  /** The status, or 0 if the call was not made: the session has no lease to make it with. */
  readonly status: number
  /** `ok`, or what the gateway's answer or the session's own error calls it. */
  readonly code: string
  readonly share: Budget | undefined
  readonly key: Budget | undefined
}

/** What is left of a minute. */
export interface Budget {
  readonly limit: number
  readonly remaining: number
}

export interface Inbox {
  /** The one that was written in last comes first. */
  readonly conversations: readonly Conversation[]
  take(event: HueChatEvent): void
  /** Reads everything anew over REST. */
  read(): Promise<RestAnswer>
  send(to: Conversation, content: string): Promise<RestAnswer>
  /** Somebody looks at it. */
  seen(conversation: Conversation): void
}

/** How long a call may take: a gateway that is silent says nothing, for as long as one likes to wait. */
const patienceMs = 10_000

type Fields = Readonly<Record<string, unknown>>

export function createInbox(session: Session<HueChatEvent, never>): Inbox {
  const conversations = new Map<string, Conversation>()
  const names = new Map<string, string>()

  const at = (id: string): Conversation => {
    const known = conversations.get(id) ?? { id, contactId: '', channel: '', name: '', unread: 0, messages: new Map() }
    conversations.set(id, known)
    return known
  }
  const meet = (contact: unknown): void => {
    const { id, full_name: name, phone } = fields(contact)
    if (text(id) !== '') names.set(text(id), text(name) || text(phone))
  }
  const place = (known: Conversation, record: Fields): void => {
    known.contactId = text(record['contact_id'])
    known.channel = text(record['channel'])
    known.name = names.get(known.contactId) ?? known.contactId
  }
  const hear = (record: Fields): void => {
    const known = at(text(record['conversation_id']))
    place(known, record)
    const id = text(record['id'])
    const from = record['sent_by'] === 'user' ? 'user' : 'contact'
    if (from === 'contact' && !known.messages.has(id)) known.unread++
    known.messages.set(id, { id, content: text(record['content']), from, status: text(record['status']) })
    // To the end, where the newest stands.
    conversations.delete(known.id)
    conversations.set(known.id, known)
  }

  return {
    get conversations() {
      return [...conversations.values()].reverse()
    },
    take({ type, data }) {
      if (type.startsWith('contact.')) meet(data)
      else if (type.startsWith('conversation.')) {
        meet(data['contact'])
        place(at(text(data['id'])), data)
      } else if (type.startsWith('message.')) hear(data)
    },
    async read() {
      const { answer, body } = await call(session, '/v2/conversations?limit=10&sort=last_message_at:asc')
      for (const about of listIn(body)) {
        meet(about['contact'])
        place(at(text(about['id'])), about)
        const { body } = await call(session, `/v2/conversation/${text(about['id'])}/messages?limit=100`)
        for (const record of listIn(body)) hear(record)
      }
      return answer
    },
    async send({ contactId, channel }, content) {
      const body = JSON.stringify({ channel, message_type: 'text', content })
      const headers = { 'content-type': 'application/json' }
      return (await call(session, `/v2/contact/${contactId}/message`, { method: 'POST', headers, body })).answer
    },
    seen: (conversation) => void (conversation.unread = 0),
  }
}

async function call(
  session: Session<HueChatEvent, never>,
  path: string,
  init?: RequestInit,
): Promise<{ answer: RestAnswer; body: Fields }> {
  try {
    const response = await fetchWith(session, path, { ...init, signal: AbortSignal.timeout(patienceMs) })
    const body = fields(await response.json().catch(() => null))
    const code = response.ok ? 'ok' : text(body['error'])
    const budget = (prefix: string): Budget | undefined => budgetIn(response.headers, prefix)
    return { answer: { status: response.status, code, share: budget('x-ratelimit'), key: budget('x-upstream-ratelimit') }, body }
  } catch (error) {
    const { name, code: known } = error as { name?: unknown; code?: unknown }
    const code = name === 'TimeoutError' ? 'timeout' : text(known) || 'network'
    return { answer: { status: 0, code, share: undefined, key: undefined }, body: {} }
  }
}

function budgetIn(headers: Headers, prefix: string): Budget | undefined {
  const [limit, remaining] = [headers.get(`${prefix}-limit`), headers.get(`${prefix}-remaining`)]
  return limit === null || remaining === null ? undefined : { limit: Number(limit), remaining: Number(remaining) }
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const listIn = (body: Fields): Fields[] => (Array.isArray(body['data']) ? body['data'].map(fields) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

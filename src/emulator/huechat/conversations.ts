import { invalid, notFound, ok, refuse, unprocessable } from './answers.ts'
import type { Account } from './account.ts'
import type { Call } from './call.ts'
import { send } from './contacts.ts'
import { areTexts, textIn } from './fields.ts'
import { page } from './pages.ts'
import type { Conversation } from './records.ts'

/** Filters as the conversations guide lists them; without `status`, all are listed (ours). */
export function listConversations({ account, query }: Call): Response {
  const sort = /^(created_at|last_message_at):(asc|desc)$/.exec(query.get('sort') ?? 'last_message_at:desc')
  if (!sort) return invalid('sort', 'Must be created_at or last_message_at, with :asc or :desc')
  const field = sort[1] === 'created_at' ? 'created_at' : 'last_message_at'
  const found = [...account.conversations.values()].filter((conversation) => fits(conversation, query))
  // The newest comes last in the map: turning it round first keeps that order among those of the same second.
  if (sort[2] === 'desc') found.reverse()
  found.sort((one, other) => one[field].localeCompare(other[field]) * (sort[2] === 'desc' ? -1 : 1))
  return page(
    query,
    found.map((conversation) => account.shown(conversation)),
  )
}

export const getConversation = (call: Call): Response => withConversation(call, (conversation) => ok(call.account.shown(conversation)))

export const listMessages = (call: Call): Response => withConversation(call, ({ messages }) => page(call.query, messages))

export const sendToConversation = (call: Call): Response =>
  withConversation(call, (conversation) => {
    const contact = call.account.contact(conversation.contact_id)
    if (!contact) return notFound('Contact')
    if (conversation.status !== 'open') return refuse('conflict', 'Conversation is not open')
    return send(call, contact, conversation.channel, () => conversation)
  })

export const updateConversation = (call: Call): Response =>
  withConversation(call, (conversation) => {
    const { labels } = call.body
    const status = call.body['status'] ?? conversation.status
    if (labels !== undefined && !areTexts(labels)) return invalid('labels', 'Must be a list of texts')
    if (status !== 'open' && status !== 'closed' && status !== 'archived') return invalid('status', 'Must be open, closed or archived')
    Object.assign(conversation, {
      status,
      labels: labels ?? conversation.labels,
      subject: textIn(call.body, 'subject') ?? conversation.subject,
      priority: textIn(call.body, 'priority') ?? conversation.priority,
    })
    return told(call.account, 'conversation.updated', conversation)
  })

/** Idempotent: a conversation that is closed stays so, and nobody is told again. */
export const resolveConversation = (call: Call): Response =>
  withConversation(call, (conversation) => {
    if (conversation.status === 'closed') return ok(call.account.shown(conversation))
    conversation.status = 'closed'
    return told(call.account, 'conversation.resolved', conversation)
  })

/** `assigned_to` is a user's id, as in the filter; null takes the conversation from whoever has it. */
export const assignConversation = (call: Call): Response =>
  withConversation(call, (conversation) => {
    const userId = call.body['assigned_to']
    const user = typeof userId === 'string' ? call.account.users.get(userId) : undefined
    if (userId !== null && !user) return unprocessable('assigned_to', 'No such user')
    conversation.assigned_to = user ? { id: user.id, name: user.name } : null
    return told(call.account, 'conversation.assigned', conversation)
  })

function withConversation({ account, name }: Call, answer: (conversation: Conversation) => Response): Response {
  const conversation = account.conversations.get(name)
  return conversation ? answer(conversation) : notFound('Conversation')
}

function told(account: Account, type: `conversation.${'updated' | 'resolved' | 'assigned'}`, conversation: Conversation): Response {
  const shown = account.shown(conversation)
  account.traits.publish(type, shown)
  return ok(shown)
}

function fits({ status, channel, assigned_to, labels, subject, messages }: Conversation, query: URLSearchParams): boolean {
  const is = (name: string, value: string) => (query.get(name) ?? value) === value
  const label = query.get('label')
  const search = query.get('search')?.toLowerCase()
  return (
    (query.get('status') === 'all' || is('status', status)) &&
    is('channel', channel) &&
    is('assigned_to', assigned_to?.id ?? 'none') &&
    (label === null || labels.includes(label)) &&
    (search === undefined || [subject, ...messages.map(({ content }) => content)].some((text) => text?.toLowerCase().includes(search)))
  )
}

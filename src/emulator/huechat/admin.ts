import { created, gone, invalid, notFound, ok, refuse } from './answers.ts'
import type { Call } from './call.ts'
import { textIn } from './fields.ts'
import { page } from './pages.ts'
import type { User } from './records.ts'

/** HueChat documents what the two admin scopes are for, and no endpoint: all of this is ours. */
export const listUsers = ({ account, query }: Call): Response => page(query, [...account.users.values()])

export function createUser({ account, body }: Call): Response {
  const email = textIn(body, 'email')
  if (email === undefined) return invalid('email', 'Required')
  if ([...account.users.values()].some((user) => user.email === email)) return refuse('conflict', 'User with this email already exists')
  const user: User = { id: account.id('usr'), name: textIn(body, 'name') ?? email, email, role: textIn(body, 'role') ?? 'agent' }
  account.users.set(user.id, user)
  return created(user)
}

export const deleteUser = ({ account, name }: Call): Response => (account.users.delete(name) ? gone() : notFound('User'))

export function analytics({ account }: Call): Response {
  const { sent, simulated, received } = account.counts
  const open = [...account.conversations.values()].filter(({ status }) => status === 'open').length
  const contacts = [...account.contacts.values()].filter(({ status }) => status !== 'deleted').length
  return ok({ contacts, conversations: { total: account.conversations.size, open }, messages: { sent: sent + simulated, received } })
}

export const getSettings = ({ account }: Call): Response => ok(account.settings)

export function updateSettings({ account, body }: Call): Response {
  account.settings = { ...account.settings, ...body }
  return ok(account.settings)
}

import { analytics, createUser, deleteUser, getSettings, listUsers, updateSettings } from './admin.ts'
import type { Call } from './call.ts'
import { connectChannel, disconnectChannel, listChannels, listTemplates } from './channels.ts'
import { createContact, deleteContact, getContact, listContacts, sendToContact, updateContact } from './contacts.ts'
import {
  assignConversation,
  getConversation,
  listConversations,
  listMessages,
  resolveConversation,
  sendToConversation,
  updateConversation,
} from './conversations.ts'
import type { Scope } from './scopes.ts'
import { createWebhook, deleteWebhook, getWebhook, listWebhooks, updateWebhook } from './webhooks.ts'

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As documented, below `/v2`. The collection's name is served in the singular and in the plural, whichever stands here. */
  readonly path: string
  readonly scope: Scope
  /** Who says so: the API key pages (plural), today's guides and quickstart (singular items, plural lists), or nobody. */
  readonly source: 'key pages' | 'guides' | 'ours'
  answer(call: Call): Response
}

/** Every endpoint, with the one scope that it needs. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/contacts', scope: 'contacts:read', source: 'key pages', answer: listContacts },
  { method: 'POST', path: '/contact', scope: 'contacts:write', source: 'guides', answer: createContact },
  { method: 'GET', path: '/contact/{id}', scope: 'contacts:read', source: 'guides', answer: getContact },
  { method: 'PUT', path: '/contact/{id}', scope: 'contacts:write', source: 'guides', answer: updateContact },
  { method: 'DELETE', path: '/contact/{id}', scope: 'contacts:write', source: 'ours', answer: deleteContact },
  { method: 'POST', path: '/contact/{id}/message', scope: 'conversations:write', source: 'guides', answer: sendToContact },

  { method: 'GET', path: '/conversations', scope: 'conversations:read', source: 'guides', answer: listConversations },
  { method: 'GET', path: '/conversation/{id}', scope: 'conversations:read', source: 'guides', answer: getConversation },
  { method: 'GET', path: '/conversation/{id}/messages', scope: 'conversations:read', source: 'guides', answer: listMessages },
  { method: 'PUT', path: '/conversation/{id}', scope: 'conversations:write', source: 'ours', answer: updateConversation },
  { method: 'POST', path: '/conversation/{id}/message', scope: 'conversations:write', source: 'ours', answer: sendToConversation },
  { method: 'POST', path: '/conversation/{id}/resolve', scope: 'conversations:write', source: 'ours', answer: resolveConversation },
  { method: 'POST', path: '/conversation/{id}/assign', scope: 'conversations:write', source: 'ours', answer: assignConversation },

  { method: 'GET', path: '/channels', scope: 'channels:read', source: 'ours', answer: listChannels },
  { method: 'GET', path: '/channels/whatsapp/templates', scope: 'channels:read', source: 'guides', answer: listTemplates },
  { method: 'POST', path: '/channels', scope: 'channels:write', source: 'ours', answer: connectChannel },
  { method: 'DELETE', path: '/channel/{id}', scope: 'channels:write', source: 'ours', answer: disconnectChannel },

  { method: 'POST', path: '/webhooks', scope: 'webhooks:manage', source: 'guides', answer: createWebhook },
  { method: 'GET', path: '/webhooks', scope: 'webhooks:manage', source: 'ours', answer: listWebhooks },
  { method: 'GET', path: '/webhook/{id}', scope: 'webhooks:manage', source: 'ours', answer: getWebhook },
  { method: 'PUT', path: '/webhook/{id}', scope: 'webhooks:manage', source: 'ours', answer: updateWebhook },
  { method: 'DELETE', path: '/webhook/{id}', scope: 'webhooks:manage', source: 'ours', answer: deleteWebhook },

  { method: 'GET', path: '/admin/users', scope: 'admin:read', source: 'ours', answer: listUsers },
  { method: 'POST', path: '/admin/users', scope: 'admin:write', source: 'ours', answer: createUser },
  { method: 'DELETE', path: '/admin/user/{id}', scope: 'admin:write', source: 'ours', answer: deleteUser },
  { method: 'GET', path: '/admin/analytics', scope: 'admin:read', source: 'ours', answer: analytics },
  { method: 'GET', path: '/admin/settings', scope: 'admin:read', source: 'ours', answer: getSettings },
  { method: 'PUT', path: '/admin/settings', scope: 'admin:write', source: 'ours', answer: updateSettings },
]

const compiled = routes.map((route) => {
  const either = route.path.replace(/\/(contact|conversation|channel|webhook|message|template|user)s?(?=\/|$)/g, '/$1s?')
  return { route, pattern: new RegExp(`^/v2${either.replace('{id}', '([^/]+)')}$`) }
})

/** The endpoint at an address, and what `{id}` is there. */
export function routeAt(method: string, pathname: string): { route: Route; name: string } | null {
  const found = compiled.find(({ route, pattern }) => route.method === method && pattern.test(pathname))
  return found ? { route: found.route, name: decoded(found.pattern.exec(pathname)?.[1] ?? '') } : null
}

/** `%2B1234567890` as a phone number; what cannot be decoded names nobody and stays as it is. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

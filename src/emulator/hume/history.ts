import type { Chats, OpenRecord } from './chats.ts'
import { page } from './pages.ts'
import { problem } from './replies.ts'

/** `GET /v0/evi/chats[/{id}]` and `GET /v0/evi/chat_groups[/{id}[/events]]`; undefined for any other path. */
export function history(chats: Chats, url: URL): Response | undefined {
  const [, list, id, rest] = /^\/v0\/evi\/(chats|chat_groups)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? []
  if (list === 'chats' && rest === undefined) return id === undefined ? allChats(chats, url) : oneChat(chats, url, id)
  if (list !== 'chat_groups') return undefined
  if (id === undefined) return allGroups(chats, url)
  const members = chats.group(id)
  const [first, last] = [members[0], members.at(-1)]
  if (!first || !last) return problem(404, 'not_found', 'There is no chat group of that id.')
  if (rest === 'events')
    return page(
      url,
      'events_page',
      members.flatMap((chat) => chat.events),
      (event) => event,
      { id },
    )
  return rest === undefined ? page(url, 'chats_page', members, chatShown, groupShown(members, first, last)) : undefined
}

function allChats(chats: Chats, url: URL): Response {
  const status = url.searchParams.get('status')?.split(',')
  const configId = url.searchParams.get('config_id')
  const wanted = chats.all.filter(
    (chat) => (status === undefined || status.includes(chat.status)) && (configId === null || chat.query['config_id'] === configId),
  )
  return page(url, 'chats_page', wanted, chatShown)
}

function oneChat(chats: Chats, url: URL, id: string): Response {
  const chat = chats.find(id)
  if (!chat) return problem(404, 'not_found', 'There is no chat of that id.')
  const { event_count: _, ...shown } = chatShown(chat)
  return page(url, 'events_page', chat.events, (event) => event, shown)
}

function allGroups(chats: Chats, url: URL): Response {
  const configId = url.searchParams.get('config_id')
  const ids = new Set(chats.all.map((chat) => chat.chat_group_id))
  const groups = [...ids].map((id) => chats.group(id))
  const wanted = groups.filter((members) => configId === null || members.some((chat) => chat.query['config_id'] === configId))
  return page(url, 'chat_groups_page', wanted, (members) => {
    const [first, last] = [members[0], members.at(-1)]
    if (!first || !last) return null
    const config = configOf(last)
    return { ...groupShown(members, first, last), most_recent_chat_id: last.chat_id, ...(config && { most_recent_config: config }) }
  })
}

/** Timestamps are epoch ms, as in the samples of the documentation (the SDK's comments say seconds). */
function chatShown(chat: OpenRecord) {
  const config = configOf(chat)
  return {
    id: chat.chat_id,
    chat_group_id: chat.chat_group_id,
    status: chat.status,
    start_timestamp: chat.startedAt,
    ...(chat.endedAt !== undefined && { end_timestamp: chat.endedAt }),
    event_count: chat.events.length,
    ...(config && { config }),
  }
}

function groupShown(members: readonly OpenRecord[], first: OpenRecord, last: OpenRecord) {
  return {
    id: first.chat_group_id,
    active: members.some((chat) => chat.status === 'ACTIVE'),
    first_start_timestamp: first.startedAt,
    most_recent_start_timestamp: last.startedAt,
    num_chats: members.length,
  }
}

function configOf(chat: OpenRecord) {
  const id = chat.query['config_id']
  return id === undefined ? undefined : { id, version: Number(chat.query['config_version'] ?? 0) || 0 }
}

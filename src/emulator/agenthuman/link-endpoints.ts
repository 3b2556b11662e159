import type { Account, Link } from './account.ts'
import { done, type Fields, refuse, stamp, stampOrNull, textIn, timeIn } from './answers.ts'
import type { Call } from './call.ts'
import { id } from './chance.ts'
import { aspectRatioOf, newAbout, roomFor } from './session-about.ts'

/** Shareable links (docs, "Links"). A `link_id` is a credential: it starts sessions without a key. */
export function createLink({ account, body }: Call): Response {
  const agent = textIn(body, 'agent_id') ?? ''
  if (!account.agents.has(agent)) return refuse(404, 'Agent not found or access denied')
  const wishes = wishesIn(body, 0)
  if (wishes instanceof Response) return wishes
  const { world } = account.settings
  const createdAt = world.now()
  const name = `Link ${stamp(createdAt).slice(0, 10)}`
  const fresh: Link = { id: id(world, 'lnk'), agent, name, status: 'active', uses: 0, useLimit: null, createdAt, expiresAt: null }
  account.links.set(fresh.id, { ...fresh, ...wishes, status: 'active' })
  account.given.push(fresh.id)
  return shown(account, fresh.id)
}

export function listLinks({ account, query }: Call): Response {
  const wanted = query.get('status') ?? 'all'
  const all = [...account.links.values()].reverse().map((link) => describe(account, link))
  return done({ links: all.filter(({ status }) => wanted === 'all' || status === wanted) })
}

export const getLink = ({ account, name }: Call): Response => shown(account, name)

export function updateLink({ account, name, body }: Call): Response {
  const link = account.links.get(name)
  if (!link) return shown(account, name)
  const wishes = wishesIn(body, link.uses)
  if (wishes instanceof Response) return wishes
  account.links.set(name, { ...link, ...wishes })
  return shown(account, name)
}

/**
 * Starts a session for whoever has the link, without an API key. Its LiveKit room is not emulated, so nobody ever comes, and
 * the session ends as an orphan. Statuses and texts of the refusals are ours.
 */
export async function startByLink({ account, body }: Call): Promise<Response> {
  const link = account.links.get(textIn(body, 'link_id') ?? '')
  const agent = account.agents.get(link?.agent ?? '')
  if (!link || !agent) return refuse(404, 'Link not found')
  if (statusOf(account, link) !== 'active') return refuse(403, 'Link is not active')
  if (agent.avatar_image_url === null) return refuse(400, 'The agent of this link has no avatar_image_url')
  const refusal = account.refusalToStart()
  if (refusal) return refusal
  account.links.set(link.id, { ...link, uses: link.uses + 1 })
  const about = newAbout(account, {
    generation: 'current',
    avatar: agent.avatar_image_url,
    aspectRatio: aspectRatioOf(body),
    sessionType: 'webrtc_video',
  })
  account.open(about).start()
  const room = await roomFor(account, about.id)
  return done({ session_id: about.id, livekit_url: room.url, participant_token: room.token, agent_identity: 'agenthuman-avatar-agent' })
}

function shown(account: Account, name: string): Response {
  const link = account.links.get(name)
  return link ? done({ link: describe(account, link) }) : refuse(404, 'Link not found')
}

/** The changes that a body asks for, or what is wrong with them. A field that is null is cleared. */
function wishesIn(body: Fields, uses: number): Partial<Link> | Response {
  const { status, name, use_limit: limit } = body
  if (status !== undefined && status !== 'active' && status !== 'paused' && status !== 'expired') {
    return refuse(400, 'status must be one of: active, paused, expired')
  }
  const isLimit = limit === undefined || limit === null || (typeof limit === 'number' && Number.isInteger(limit) && limit > uses)
  if (!isLimit) return refuse(400, 'use_limit must be a positive integer greater than the current uses')
  const expiresAt = timeIn(body, 'expires_at')
  if (Number.isNaN(expiresAt)) return refuse(400, 'expires_at must be an ISO 8601 timestamp')
  return {
    ...(status !== undefined && { status }),
    ...(name !== undefined && { name: typeof name === 'string' ? name : null }),
    ...(limit !== undefined && { useLimit: limit }),
    ...('expires_at' in body && { expiresAt }),
  }
}

/** "expired: Link has passed its expiry date or reached its session limit." */
function statusOf({ settings }: Account, { status, uses, useLimit, expiresAt }: Link): Link['status'] {
  const isOver = uses >= (useLimit ?? Infinity) || settings.world.now() >= (expiresAt ?? Infinity)
  return isOver ? 'expired' : status
}

const describe = (account: Account, link: Link) => ({
  link_id: link.id,
  name: link.name,
  url: `https://app.agenthuman.com/s/${link.id}`,
  agent: account.agents.get(link.agent) ?? null,
  status: statusOf(account, link),
  uses: link.uses,
  use_limit: link.useLimit,
  created_at: stamp(link.createdAt),
  expires_at: stampOrNull(link.expiresAt),
})

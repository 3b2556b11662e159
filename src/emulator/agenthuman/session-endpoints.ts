import type { Account } from './account.ts'
import { done, type Fields, isFields, refuse, stamp, stampOrNull, textIn } from './answers.ts'
import type { Call } from './call.ts'
import { id } from './chance.ts'
import { aspectRatioOf, newAbout, roomFor } from './session-about.ts'
import type { Message, Session, SessionAbout } from './session.ts'
import { describe } from './session-views.ts'

/** Creates a session in the generation that the body belongs to. */
export async function createSession({ account, body }: Call): Promise<Response> {
  const wrong = account.refusal?.() ?? wrongIn(body)
  if (wrong) return refused(account, wrong)
  const about = body['agent_id'] === undefined ? await aboutOf(account, body) : oldestOf(account, body)
  if ('status' in about) return refused(account, about)
  // Asked last, because a room's token is signed before: whoever was faster has the place.
  const refusal = account.refusalToStart()
  if (refusal) return refused(account, refusal)
  const session = account.open(about)
  if (about.generation !== 'older') session.start()
  const message = about.generation === 'older' ? 'Session created successfully' : 'Session started successfully'
  return done({ session: describe(session, 'created'), ...(about.generation !== 'oldest' && { usage: account.usage }), message })
}

function refused({ counts }: Account, response: Response): Response {
  counts.refusedSessions++
  return response
}

/** Without `room` it is the older generation, if it says `avatar_id`; with `avatar` alone, ours: as if the platform were `proxy`. */
async function aboutOf(account: Account, body: Fields): Promise<SessionAbout> {
  const isOlder = textIn(body, 'avatar') === undefined && body['room'] === undefined
  const about = newAbout(account, {
    generation: isOlder ? 'older' : 'current',
    avatar: textIn(body, 'avatar') ?? textIn(body, 'avatar_id') ?? null,
    aspectRatio: aspectRatioOf(body),
    sessionType: 'webrtc_video',
    metadata: metadataOf(body),
  })
  const room = isFields(body['room']) ? body['room'] : {}
  const [url, token] = [textIn(room, 'url'), textIn(room, 'token')]
  // A room of the caller's own is given back as it came (ours: the docs show the answer for one of theirs).
  const isOwn = room['platform'] !== 'proxy' && url !== undefined && token !== undefined
  return { ...about, room: isOwn ? { url, token } : await roomFor(account, about.id) }
}

/** The oldest generation: numbers for ids, started at once, and no token in its answer, because it has no socket. */
function oldestOf(account: Account, body: Fields): SessionAbout | Response {
  const wanted = body['agent_id']
  // Agents had numbers then: here the first one is 1.
  const agent = typeof wanted === 'number' ? [...account.agents.values()][wanted - 1] : account.agents.get(textIn(body, 'agent_id') ?? '')
  // This refusal is documented, with a plain text for an error.
  if (!agent) return Response.json({ success: false, error: 'Agent not found or access denied' }, { status: 404 })
  const known = {
    generation: 'oldest',
    avatar: agent.avatar_image_url,
    aspectRatio: '4:3',
    sessionType: textIn(body, 'session_type') ?? 'agent_voice',
    metadata: metadataOf(body),
    agent: { id: typeof wanted === 'number' ? wanted : agent.agent_id, name: agent.name },
  } as const
  return newAbout(account, { ...known, id: String(account.sessions.size + 1) })
}

/** `status`: all, active (started), completed (ended), or a status of today's; `agent_id`: as it was given. Newest first. */
export function listSessions({ account, query }: Call): Response {
  const wanted = { active: 'started', completed: 'ended' }[query.get('status') ?? ''] ?? query.get('status') ?? 'all'
  const agent = query.get('agent_id')
  const found = [...account.sessions.values()].reverse().filter(({ status, about }) => {
    return (wanted === 'all' || wanted === status) && (agent === null || agent === String(about.agent?.id))
  })
  return done({ sessions: found.map((session) => describe(session, 'listed')) })
}

export function getSession({ account, name }: Call): Response {
  return withSession(account, name, (session) => done({ session: describe(session, 'listed') }))
}

/** The older generation: `ws_uri` is `try_again` while a server is found; asking again is safe. An ended session is refused. */
export function startSession({ account, name }: Call): Response {
  return withSession(account, name, (session) => {
    const { world, allocationMs, wsUrl } = account.settings
    if (session.status === 'ended') return refuse(400, 'Session has already ended')
    const refusal = session.status === 'created' ? account.refusalToStart() : null
    if (refusal) return refusal
    session.start()
    const isReady = world.now() - (session.startedAt ?? 0) >= allocationMs
    const expiration = stampOrNull(session.expiresAt)
    return done({ ws_uri: isReady ? wsUrl : 'try_again', expiration, message: 'Session started successfully' })
  })
}

/** Ends it; safe to repeat. A session that was never started ends as well (ours). */
export function endSession({ account, name }: Call): Response {
  return withSession(account, name, (session) => {
    const message = session.status === 'ended' ? 'Session already ended' : 'Session ended successfully'
    session.end('ended')
    return done({ session: describe(session, 'ended'), message })
  })
}

/** Says something to the avatar, which answers, aloud if it has a socket. The page names only the path; the rest is ours. */
export function sendMessage({ account, name, body }: Call): Response {
  return withSession(account, name, (session) => {
    const content = textIn(body, 'content')
    if (content === undefined) return refuse(400, 'Content is required', { suggestion: 'Include content in the request body' })
    if (session.status !== 'started') return refuse(400, `Session is ${session.status}`)
    const message = note(account, session, 'user', content)
    const reply = note(account, session, 'assistant', `You said “${content.slice(0, 120)}”. Tell me more about it.`)
    session.socket?.say(reply.content)
    return done({ message, reply })
  })
}

export function listMessages({ account, name }: Call): Response {
  return withSession(account, name, ({ messages }) => done({ messages }))
}

function note({ settings: { world } }: Account, session: Session, role: Message['role'], content: string): Message {
  const message = { message_id: id(world, 'mesg'), role, content, created_at: stamp(world.now()) }
  session.messages.push(message)
  return message
}

function withSession({ sessions }: Account, name: string, answer: (session: Session) => Response): Response {
  const session = sessions.get(name)
  return session ? answer(session) : refuse(404, 'Session not found')
}

function wrongIn(body: Fields): Response | null {
  const isNamed = ['avatar', 'avatar_id'].some((field) => textIn(body, field) !== undefined) || body['agent_id'] !== undefined
  if (!isNamed) return refuse(400, 'Avatar ID is required', { suggestion: 'Include avatar_id in the request body' })
  if (body['metadata'] !== undefined && !isFields(body['metadata'])) return refuse(400, 'metadata must be a valid JSON object')
  if (body['room'] === undefined) return null
  const room = isFields(body['room']) ? body['room'] : {}
  if (room['platform'] === 'proxy') return null
  if (room['platform'] !== 'livekit' && room['platform'] !== 'daily') return refuse(400, 'room.platform must be livekit, daily or proxy')
  const absent = ['url', 'token'].find((field) => textIn(room, field) === undefined)
  return absent === undefined ? null : refuse(400, `room.${absent} is required`)
}

const metadataOf = (body: Fields): Fields => (isFields(body['metadata']) ? body['metadata'] : {})

import type { Account, Issued } from './account.ts'
import { grant, refuse } from './answers.ts'
import { hex, letters } from './chance.ts'
import type { Door } from './door.ts'
import type { Session } from './session.ts'

export interface Call {
  readonly account: Account
  readonly tokenTtlSeconds: number
  readonly audience: 'constant' | 'fingerprint'
  readonly realtime: 'mints' | 'retired'
  /** Codes of the account's agents; null: every code is one. */
  readonly agents: readonly string[] | null
  readonly body: Readonly<Record<string, unknown>>
  /** What the address names: an agent's code, a session's id. */
  readonly name: string
  readonly caller: Issued | 'account'
}

export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  readonly door: Door
  /** Costs credit, so that an account without it is refused (402), and a control can refuse it. */
  readonly billed?: boolean
  readonly tier?: 'write' | 'read' | 'ephemeral'
  answer(call: Call): Response | Promise<Response>
}

const hour = 3600

/** bitHuman's endpoints as far as a broker or a browser's session needs them; the rest answers 404. */
export const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: /^\/v1\/runtime-tokens\/request$/, door: 'token', billed: true, answer: requestToken },
  { method: 'POST', path: /^\/v1\/runtime-tokens\/mint$/, door: 'token', billed: true, answer: mintScoped },
  { method: 'POST', path: /^\/v1\/embed-tokens\/request$/, door: 'token', billed: true, tier: 'write', answer: requestEmbed },
  { method: 'POST', path: /^\/v1\/realtime\/ephemeral-token$/, door: 'rest', billed: true, tier: 'ephemeral', answer: requestEphemeral },
  {
    method: 'POST',
    path: /^\/v1\/agent\/([^/]+)\/speak$/,
    door: 'rest',
    tier: 'write',
    answer: (call) => address(call, 'message', 'speak'),
  },
  { method: 'POST', path: /^\/v1\/agent\/([^/]+)\/add-context$/, door: 'rest', tier: 'write', answer: addContext },
  { method: 'GET', path: /^\/v1\/me$/, door: 'rest', tier: 'read', answer: me },
  { method: 'GET', path: /^\/v1\/runtime-sessions\/([^/]+)$/, door: 'rest', tier: 'read', answer: (call) => withSession(call, describe) },
  { method: 'POST', path: /^\/v1\/runtime-sessions\/([^/]+)\/end$/, door: 'rest', tier: 'write', answer: endSession },
]

/** The token of a runtime, and its heartbeat: the same call again with the `transaction_id` of the first answer. */
async function requestToken(call: Call): Promise<Response> {
  const { account, body } = call
  if (body['mode'] !== undefined) return startAvatar(call)
  if (call.caller !== 'account') return refuse('UNAUTHORIZED', 'A scoped token can only start its agent in its room')
  const session = account.session(text(body, 'transaction_id'), { agent: text(body, 'agent_code'), room: text(body, 'room_name') })
  const audience = call.audience === 'constant' ? 'bithuman-runtime' : (text(body, 'fingerprint') ?? hex(account.world, 32))
  const { token, expiresAt } = account.issue({ kind: 'runtime', audience, session }, call.tokenTtlSeconds)
  session.renew(account.world.now(), expiresAt)
  account.counts.mints++
  return grant({ token: await token, transaction_id: session.id })
}

/** The same endpoint with `mode`: no token, but an avatar in the caller's own LiveKit room (which nobody here joins). */
function startAvatar({ account, body, caller }: Call): Response {
  const agent = text(body, 'agent_id')
  const room = text(body, 'room_name')
  const missing = ['livekit_url', 'livekit_token', 'room_name'].find((field) => text(body, field) === undefined)
  if (missing) return refuse('VALIDATION_ERROR', `Missing required field: ${missing}`)
  if (agent === undefined && text(body, 'image') === undefined) return refuse('VALIDATION_ERROR', 'Missing required field: agent_id')
  if (caller !== 'account' && (caller.bound?.agent !== agent || (caller.bound?.room ?? room) !== room)) {
    return refuse('UNAUTHORIZED', 'A scoped token can only start its agent in its room')
  }
  const session = account.open(`cs_${hex(account.world, 24)}`, { agent, room })
  session.renew(account.world.now(), Infinity)
  return Response.json({
    avatar_session_started: true,
    session_id: session.id,
    mode: body['mode'],
    model: text(body, 'model') ?? 'essence-2',
    agent_id: agent ?? null,
    user_id: account.userId,
  })
}

async function mintScoped({ account, body, caller }: Call): Promise<Response> {
  if (caller !== 'account') return refuse('UNAUTHORIZED', 'A scoped token cannot create other tokens')
  const agent = text(body, 'agent_code')
  if (agent === undefined) return refuse('MISSING_PARAM', 'Missing required field: agent_code')
  if (body['scope'] !== undefined && body['scope'] !== 'livekit-cloud') return refuse('VALIDATION_ERROR', 'Unknown scope')
  const bound = { agent, room: text(body, 'room_name'), secret: account.secret }
  const { token, expiresAt } = account.issue({ kind: 'scoped', audience: 'livekit-cloud', bound }, hour, { agent })
  return Response.json({ scoped_token: await token, expires_at: expiresAt / 1000 })
}

async function requestEmbed({ account, agents, body }: Call): Promise<Response> {
  const agent = text(body, 'agent_id')
  const fingerprint = text(body, 'fingerprint')
  if (agent === undefined) return refuse('VALIDATION_ERROR', 'Missing required field: agent_id')
  if (fingerprint === undefined) return refuse('VALIDATION_ERROR', 'Missing required field: fingerprint')
  if (agents && !agents.includes(agent)) return refuse('NOT_FOUND', `Agent not found for code: ${agent}`)
  const model = text(body, 'model')
  const { token } = account.issue({ kind: 'embed', audience: 'bithuman-embed' }, hour, { agent_id: agent, fingerprint })
  const sid = hex(account.world, 32)
  return grant({ token: await token, sid, supported_models: ['essence-2', 'expression-2'], ...(model !== undefined && { model }) })
}

/** A client secret for OpenAI's Realtime API, which is not emulated: the text is in the right form and opens nothing. */
function requestEphemeral({ account, body, realtime }: Call): Response {
  if (realtime === 'retired') return refuse('ENDPOINT_RETIRED', 'This endpoint is retired. Connect through the Realtime relay.')
  const value = `ek_${letters(account.world, 32)}`
  account.given.push(value)
  return grant({ value, expires_at: Math.floor(account.world.now() / 1000) + 600, model: text(body, 'model') ?? 'gpt-realtime-mini' })
}

function addContext(call: Call): Response {
  const type = call.body['type'] ?? 'add_context'
  if (type !== 'add_context' && type !== 'speak') return refuse('VALIDATION_ERROR', 'type must be add_context or speak')
  return address(call, 'context', type)
}

/** Gives a text to the agent's live rooms, or to one of them; here a room is a runtime socket. */
function address({ account, agents, body, name }: Call, field: 'message' | 'context', type: 'speak' | 'add_context'): Response {
  const said = text(body, field)
  if (said === undefined) return refuse('MISSING_PARAM', `Missing required field: ${field}`)
  if (agents && !agents.includes(name)) return refuse('NOT_FOUND', `Agent not found for code: ${name}`)
  const room = text(body, 'room_id')
  const sockets = [...account.sockets].filter((socket) => socket.agent === name && (room ?? socket.room) === socket.room)
  if (sockets.length === 0) return refuse('NOT_FOUND', `No active rooms found for agent ${name}`)
  if (type === 'speak') for (const socket of sockets) socket.speak(said)
  const rooms = [...new Set(sockets.map((socket) => socket.room))]
  return Response.json({
    agent_code: name,
    context_type: type,
    delivered_to_rooms: rooms.length,
    rooms,
    rooms_skipped: [],
    rooms_failed: [],
  })
}

function me({ account }: Call): Response {
  const balance = account.outOfCredit ? 0 : 99
  return grant({ user_id: account.userId, plan: 'creator', credit_balance: balance, account_status: 'active' })
}

function endSession(call: Call): Response {
  const note = 'Session ended: the avatar left the room and billing stopped.'
  return withSession(call, (session, now) => {
    session.end(now)
    return { ...describe(session, now), ended: true, slot_released: true, note }
  })
}

function withSession({ account, name }: Call, answer: (session: Session, now: number) => object): Response {
  const session = account.sessions.get(name)
  return session ? Response.json(answer(session, account.world.now())) : refuse('NOT_FOUND', 'No such session')
}

function describe(session: Session, now: number): object {
  return {
    session_id: session.id,
    status: session.ended ? 'ended' : 'live',
    agent_id: session.agent ?? null,
    room_name: session.room ?? null,
    started_at: new Date(session.startedAt).toISOString(),
    ended_at: session.endedAt === null ? null : new Date(session.endedAt).toISOString(),
    billed_seconds: ((session.endedAt ?? now) - session.startedAt) / 1000,
  }
}

/** A field that is a text with something in it. */
function text(body: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = body[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

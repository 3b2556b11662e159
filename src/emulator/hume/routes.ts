import type { Conversation, Peer } from '../provider.ts'
import { controlPlane, refusedToJoin, sendTo } from './control-plane.ts'
import { Chat, type Stage } from './evi.ts'
import { modelsStream, realtime, refusedModels, refusedRealtime } from './expression.ts'
import { history } from './history.ts'
import type { Credential, Keys, Verdict } from './keys.ts'
import { problem } from './replies.ts'
import type { TtsRest } from './tts-rest.ts'
import { ttsStream } from './tts.ts'

/** Everything there is behind the addresses. */
export interface House {
  readonly keys: Keys
  readonly stage: Stage
  readonly ttsRest: TtsRest
  /** A new UUID. */
  readonly id: () => string
}

/** Answers a REST request. */
export async function rest(house: House, request: Request): Promise<Response> {
  const url = new URL(request.url)
  const verdict = house.keys.verify(url, request.headers)
  if (!isCredential(verdict)) return unauthorized(verdict)
  const [, chatId] = /^\/v0\/evi\/chat\/([^/]+)\/send$/.exec(url.pathname) ?? []
  if (chatId !== undefined && request.method === 'POST') return sendTo(house.stage, chatId, request)
  if (socketPath.test(url.pathname)) return problem(426, 'upgrade_required', 'This path is a WebSocket.', { upgrade: 'websocket' })
  const answer = request.method === 'GET' ? history(house.stage.chats, url) : undefined
  return answer ?? (await house.ttsRest.answer(request, url)) ?? problem(404, 'not_found', 'The emulator has nothing there.')
}

const socketPath = /^\/v0\/(evi\/chat(\/[^/]+\/connect)?|tts\/stream\/input|stream\/models)$|^\/v1\/expression\/(audio|video)\/realtime$/

export interface Welcome {
  readonly credential: Credential
  begin(peer: Peer): Conversation
}

/** Who may talk about what at this address, or why nobody does. */
export function welcome(house: House, url: URL, headers: Headers): Welcome | Response {
  const { stage, keys, id } = house
  const { pathname } = url
  const [, medium] = /^\/v1\/expression\/(audio|video)\/realtime$/.exec(pathname) ?? []
  if (medium === 'audio' || medium === 'video') {
    // The query is not read: a credential counts in a header only.
    const credential = keys.verify(new URL(pathname, url), headers)
    return isCredential(credential) ? { credential, begin: (peer) => realtime(peer, medium, id) } : refusedRealtime(id())
  }
  // Said before the token is looked at: there a good one is as wrong as a bad one.
  const tokenRefused = pathname === '/v0/stream/models' ? refusedModels(url, headers) : undefined
  if (tokenRefused) return tokenRefused
  const credential = keys.verify(url, headers)
  if (!isCredential(credential)) return unauthorized(credential)
  const [, chatId] = /^\/v0\/evi\/chat\/([^/]+)\/connect$/.exec(pathname) ?? []
  if (chatId !== undefined) {
    const chat = stage.live.get(chatId)
    if (!chat) return problem(404, 'not_found', 'No live chat has that id.')
    return refusedToJoin(chat) ?? { credential, begin: (peer) => controlPlane(chat, peer) }
  }
  if (pathname === '/v0/evi/chat') return { credential, begin: (peer) => beginChat(stage, peer, url) }
  if (pathname === '/v0/tts/stream/input') return { credential, begin: (peer) => ttsStream(peer, url.searchParams, id) }
  if (pathname === '/v0/stream/models') return { credential, begin: modelsStream }
  return problem(404, 'not_found', 'No socket of the emulator is there.')
}

function beginChat(stage: Stage, peer: Peer, url: URL): Conversation {
  const { access_token: _token, api_key: _key, ...query } = Object.fromEntries(url.searchParams)
  const groupId = query['resumed_chat_group_id']
  const isKnown = groupId !== undefined && stage.chats.group(groupId).length > 0
  if (groupId !== undefined && !isKnown && stage.settings.unknownGroup === 'refuse') {
    // The code is made up: the real one for this case is not documented.
    const error = { type: 'error', code: 'E0700', slug: 'chat_group_not_found', message: 'There is no chat group of that id.' }
    peer.send(JSON.stringify({ ...error, request_id: stage.chats.id() }))
    peer.close(1008, error.slug)
    return { message: () => {}, closed: () => {} }
  }
  return new Chat(peer, stage, stage.chats.start(query, isKnown ? groupId : undefined))
}

const isCredential = (verdict: Verdict): verdict is Credential => verdict.is === 'key' || verdict.is === 'token'

const reasons = {
  missing: 'Send an API key or an access token.',
  unknown: 'The API key or access token is not valid.',
  expired: 'The access token has expired.',
}

const unauthorized = (verdict: Exclude<Verdict, Credential>): Response => problem(401, 'unauthorized', reasons[verdict.is])

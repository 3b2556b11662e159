import type { Account } from './account.ts'
import type { Fields } from './answers.ts'
import { id, letters } from './chance.ts'
import type { SessionAbout } from './session.ts'

type Known = Pick<SessionAbout, 'generation' | 'avatar' | 'aspectRatio' | 'sessionType'> & Partial<SessionAbout>

/** What a new session is about: its id and its token are drawn here, and the token is noted as given out. */
export function newAbout({ settings, given }: Account, known: Known): SessionAbout {
  const token = letters(settings.world, 48)
  given.push(token)
  return { id: id(settings.world, 'sess'), token, metadata: {}, room: null, agent: null, ...known }
}

/** "4:3, 3:4 or 1:1. Defaults to 4:3 if not provided or invalid" (docs, "Start Session via Link"). */
export function aspectRatioOf(body: Fields): string {
  const ratio = body['aspect_ratio']
  return typeof ratio === 'string' && ['4:3', '3:4', '1:1'].includes(ratio) ? ratio : '4:3'
}

/** A room of AgentHuman's own for platform `proxy`, links and older docs: a token in LiveKit's form that opens nothing. */
export async function roomFor({ login, settings }: Account, sessionId: string): Promise<{ url: string; token: string }> {
  const video = { roomJoin: true, room: sessionId }
  const token = await login.token({ sub: 'user', video }, settings.sessionSeconds ?? 86_400)
  return { url: 'wss://rooms.agenthuman.example', token }
}

import { type Fields, stampOrNull } from './answers.ts'
import type { Session } from './session.ts'

/**
 * A session in the words of the generation that created it. The answer to its creation has the token and the room; others have
 * neither: "This endpoint does not return session_token or room" (docs, "Get Session").
 */
export function describe(session: Session, when: 'created' | 'listed' | 'ended'): Fields {
  switch (session.about.generation) {
    case 'current':
      return current(session, when === 'created')
    case 'older':
      return older(session, when === 'created')
    case 'oldest':
      return oldest(session)
    default:
      return session.about.generation satisfies never
  }
}

function current(session: Session, isCreated: boolean): Fields {
  const { id, token, room, aspectRatio, metadata } = session.about
  return {
    session_id: id,
    status: session.status,
    ...(isCreated && { session_token: token }),
    ...times(session),
    duration: seconds(session),
    aspect_ratio: aspectRatio,
    metadata,
    ...(isCreated && room && { room: { roomURL: room.url, participantToken: room.token } }),
  }
}

/** Here the room is shown at any time, and the token is called `access_token`. */
function older(session: Session, isCreated: boolean): Fields {
  const { id, token, room, avatar, sessionType, metadata } = session.about
  return {
    session_id: id,
    avatar: { avatar_id: avatar, name: 'Professional Avatar', url: `https://cdn.agenthuman.example/avatars/${avatar}/image` },
    session_type: sessionType,
    status: session.status,
    ...(isCreated && { access_token: token }),
    ...times(session),
    ...(session.endedAt !== null && { duration: seconds(session) }),
    ...(room && { daily_room: { url: room.url, name: id, token: room.token } }),
    created_at: stampOrNull(session.createdAt),
    metadata,
  }
}

function oldest(session: Session): Fields {
  const { id, agent, sessionType, metadata, avatar } = session.about
  const { started_at, ended_at } = times(session)
  return {
    session_id: Number(id),
    agent_id: agent?.id,
    agent_name: agent?.name,
    session_type: sessionType,
    status: session.status === 'ended' ? 'completed' : 'active',
    started_at,
    ...(session.endedAt !== null && { ended_at, duration: seconds(session) }),
    metadata,
    avatar_id: 1,
    avatar_name: 'Professional Avatar',
    avatar_url: avatar,
    voice_id: null,
  }
}

const seconds = (session: Session): number => Math.floor(session.ranMs / 1000)

const times = ({ startedAt, endedAt, expiresAt }: Session) => ({
  started_at: stampOrNull(startedAt),
  ended_at: stampOrNull(endedAt),
  expiration: stampOrNull(expiresAt),
})

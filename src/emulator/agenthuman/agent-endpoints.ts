import type { Agent } from './account.ts'
import { done, type Fields, isFields, refuse, stamp, textIn } from './answers.ts'
import type { Call } from './call.ts'
import { id } from './chance.ts'

/** An agent as today's docs have it. That reading, changing and deleting answer alike is inferred. */
export function createAgent({ account, body }: Call): Response {
  const wrong = wrongIn(body, true)
  if (wrong) return wrong
  const { world } = account.settings
  const agent: Agent = {
    agent_id: id(world, 'agnt'),
    name: textIn(body, 'name') ?? '',
    avatar_image_url: textIn(body, 'avatar_image_url') ?? null,
    created_at: stamp(world.now()),
    voice_agent: voiceOf(body['voice_agent']),
  }
  account.agents.set(agent.agent_id, agent)
  return done({ agent })
}

export function listAgents({ account }: Call): Response {
  return done({ agents: [...account.agents.values()].reverse() })
}

export function getAgent({ account, name }: Call): Response {
  const agent = account.agents.get(name)
  return agent ? done({ agent }) : missing()
}

/** Only fields that are in the body are changed. */
export function updateAgent({ account, name, body }: Call): Response {
  const agent = account.agents.get(name)
  const wrong = agent ? wrongIn(body, false) : missing()
  if (!agent || wrong) return wrong ?? missing()
  const changed: Agent = {
    ...agent,
    name: textIn(body, 'name') ?? agent.name,
    ...('avatar_image_url' in body && { avatar_image_url: textIn(body, 'avatar_image_url') ?? null }),
    ...('voice_agent' in body && { voice_agent: voiceOf(body['voice_agent']) }),
  }
  account.agents.set(name, changed)
  return done({ agent: changed })
}

export function deleteAgent({ account, name }: Call): Response {
  return account.agents.delete(name) ? done({ message: 'Agent deleted successfully' }) : missing()
}

/** Documented with the oldest generation of sessions, there as a plain text. */
const missing = () => refuse(404, 'Agent not found or access denied')

/** `name` and `voice_agent{provider, agent_id, auth_method}` are required. */
function wrongIn(body: Fields, isNew: boolean): Response | null {
  if ((isNew || 'name' in body) && textIn(body, 'name') === undefined) return refuse(400, 'Name is required')
  if (!isNew && !('voice_agent' in body)) return null
  const voice = isFields(body['voice_agent']) ? body['voice_agent'] : {}
  const absent = ['provider', 'agent_id', 'auth_method'].find((field) => textIn(voice, field) === undefined)
  if (absent !== undefined) return refuse(400, `voice_agent.${absent} is required`)
  const methods = ['public', 'api_key', 'token']
  return methods.includes(textIn(voice, 'auth_method') ?? '')
    ? null
    : refuse(400, 'voice_agent.auth_method must be public, api_key or token')
}

/** Only the documented fields: a key of the voice provider that came with them is not shown again. */
function voiceOf(value: unknown): object {
  const voice = isFields(value) ? value : {}
  return { provider: voice['provider'], agent_id: voice['agent_id'], auth_method: voice['auth_method'] }
}

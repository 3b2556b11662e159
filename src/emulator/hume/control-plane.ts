import type { Conversation, Peer } from '../provider.ts'
import type { Chat, Stage } from './evi.ts'
import { badStructure, readFields, readFrame } from './frames.ts'
import { invalid, parsed, problem } from './replies.ts'

/** `wss …/v0/evi/chat/{chat_id}/connect`: sees and sends what the chat's own socket does, except sound. Leaving it ends nothing. */
export function controlPlane(chat: Chat, peer: Peer): Conversation {
  const leave = chat.observe(peer)
  const complain = (complaint: object) => peer.send(JSON.stringify({ type: 'error', ...complaint }))
  return {
    message(data) {
      if (typeof data !== 'string') return complain(noSound)
      const read = readFrame(data)
      if (!('frame' in read)) complain(read)
      else if (read.frame['type'] === 'audio_input') complain(noSound)
      else chat.publish(read.frame)
    },
    closed: leave,
  }
}

const noSound = badStructure('The control plane takes no audio_input.')

/** `POST /v0/evi/chat/{chat_id}/send`: one frame into a live chat. Answers 200 with nothing in it. */
export async function sendTo(stage: Stage, chatId: string, request: Request): Promise<Response> {
  const chat = stage.live.get(chatId)
  if (!chat) return problem(404, 'not_found', 'No live chat has that id.')
  const read = readFields(parsed(await request.text()))
  if (!('frame' in read)) return invalid(['body'], read.message)
  if (read.frame['type'] === 'audio_input') return invalid(['body', 'type'], noSound.message)
  chat.publish(read.frame)
  return new Response(null, { status: 200 })
}

/** Why this chat cannot be joined, if so. Hume names the condition, not the status of its refusal. */
export function refusedToJoin(chat: Chat): Response | undefined {
  if (chat.record.query['allow_connection'] === 'true') return undefined
  return problem(403, 'forbidden', 'This chat was started without allow_connection=true.')
}

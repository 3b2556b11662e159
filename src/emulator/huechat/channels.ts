import { created, gone, invalid, notFound, ok, refuse } from './answers.ts'
import type { Call } from './call.ts'
import { textIn } from './fields.ts'
import { page } from './pages.ts'
import { isChannelType } from './records.ts'

export const listChannels = ({ account, query }: Call): Response => page(query, [...account.channels.values()])

/** `{ type, name? }`. One channel of a type, and as many as the plan has; how one too many is refused is ours. */
export function connectChannel({ account, body }: Call): Response {
  const { type } = body
  if (!isChannelType(type)) return invalid('type', 'Must be whatsapp, instagram, sms or email')
  if ([...account.channels.values()].some((channel) => channel.type === type)) return refuse('conflict', 'Channel is already connected')
  const { channels: most } = account.traits.plan
  if (account.channels.size >= most) return refuse('forbidden', `The plan allows ${most} connected channels`)
  return created(account.connect(type, textIn(body, 'name') ?? type))
}

export const disconnectChannel = ({ account, name }: Call): Response => (account.channels.delete(name) ? gone() : notFound('Channel'))

/** The address is documented, what it answers is not. */
export const listTemplates = (): Response => ok({ data: [{ name: 'order_confirmation', language: 'en', status: 'approved' }] })

import type { Account, Said } from './account.ts'
import { created, gone, invalid, notFound, ok, refuse, unprocessable } from './answers.ts'
import { type Fields, isFields, isText, textIn } from './fields.ts'
import { page } from './pages.ts'
import { type Contact, type Conversation, isChannelType } from './records.ts'
import type { Call } from './call.ts'

export function createContact({ account, body }: Call): Response {
  const about = contactIn(account, body, null)
  if ('refused' in about) return about.refused
  if (about.phone === undefined && about.email === undefined) return invalid('phone', 'A phone number or an email address is required')
  return created(account.addContact(about))
}

export const listContacts = ({ account, query }: Call): Response =>
  page(
    query,
    [...account.contacts.values()].filter(({ status }) => status !== 'deleted'),
  )

export const getContact = (call: Call): Response => withContact(call, ok)

export const updateContact = (call: Call): Response =>
  withContact(call, (contact) => {
    const about = contactIn(call.account, call.body, contact)
    if ('refused' in about) return about.refused
    call.account.changeContact(contact, about)
    return ok(contact)
  })

export const deleteContact = (call: Call): Response =>
  withContact(call, (contact) => {
    call.account.deleteContact(contact)
    return gone()
  })

export const sendToContact = (call: Call): Response =>
  withContact(call, (contact) => {
    const { channel = contact.preferred_channel } = call.body
    if (!isChannelType(channel)) return invalid('channel', 'Must be whatsapp, instagram, sms or email')
    return send(call, contact, channel, () => call.account.conversation(contact, channel))
  })

/** Sends what the body says over a channel. The conversation is found (or begun) only when nothing speaks against it. */
export function send(
  { account, body }: Call,
  contact: Contact,
  channel: Conversation['channel'],
  conversation: () => Conversation,
): Response {
  const said = saidIn(body)
  if ('refused' in said) return said.refused
  if (![...account.channels.values()].some(({ type }) => type === channel)) return unprocessable('channel', 'Channel is not connected')
  const template = said.message_type === 'template'
  if (account.traits.whatsappWindow && channel === 'whatsapp' && !template && !account.windowOpen(contact)) {
    return unprocessable('message_type', 'Outside the 24-hour window a template message is required')
  }
  // "Messages count toward your plan limits": that the answer is the 429 of the rate limits is ours.
  const retryAfter = account.messagesIn()
  if (retryAfter > 0) return refuse('rate_limited', 'Message limit of the plan reached.', { retryAfter })
  return created(account.send(conversation(), said))
}

function withContact({ account, name }: Call, answer: (contact: Contact) => Response): Response {
  const contact = account.contact(name)
  return contact ? answer(contact) : notFound('Contact')
}

/** Why a body was not taken. (In an object of its own: a `Response` is never told by `instanceof`, as fronts may replace its class.) */
interface Refused {
  readonly refused: Response
}

function contactIn(account: Account, body: Fields, self: Contact | null): Partial<Contact> | Refused {
  const { phone, email, metadata, preferred_channel: preferred } = body
  if (phone !== undefined && !(isText(phone) && /^\+[1-9]\d{5,14}$/.test(phone))) return { refused: invalid('phone', 'Invalid format') }
  if (email !== undefined && !(isText(email) && /^[^@\s]+@[^@\s]+$/.test(email))) return { refused: invalid('email', 'Invalid format') }
  if (metadata !== undefined && !isFields(metadata)) return { refused: invalid('metadata', 'Must be an object') }
  if (preferred !== undefined && preferred !== null && !isChannelType(preferred)) {
    return { refused: invalid('preferred_channel', 'Must be whatsapp, instagram, sms or email') }
  }
  for (const field of ['phone', 'email'] as const) {
    const other = isText(body[field]) ? account.contact(body[field]) : undefined
    if (other && other !== self) {
      return { refused: refuse('conflict', `Contact with this ${field} already exists`, { details: { field, contact_id: other.id } }) }
    }
  }
  const first = textIn(body, 'first_name')
  const last = textIn(body, 'last_name')
  return {
    ...(isText(phone) && { phone }),
    ...(isText(email) && { email }),
    ...(first !== undefined && { first_name: first }),
    ...(last !== undefined && { last_name: last }),
    ...(metadata !== undefined && { metadata }),
    ...(preferred !== undefined && { preferred_channel: preferred }),
  }
}

/** `text` needs a content, `template` a name; another type (image, document) goes as it is. */
function saidIn(body: Fields): Said | Refused {
  const type = textIn(body, 'message_type') ?? 'text'
  const content = textIn(body, 'content') ?? null
  const template = textIn(body, 'template_name')
  const parameters = body['template_parameters']
  if (type === 'text' && content === null) return { refused: invalid('content', 'Required') }
  if (type === 'template' && template === undefined) return { refused: invalid('template_name', 'Required') }
  return {
    message_type: type,
    content,
    ...(template !== undefined && { template_name: template }),
    ...(isFields(parameters) && { template_parameters: parameters }),
  }
}

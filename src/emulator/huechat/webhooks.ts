import { created, gone, invalid, notFound, ok } from './answers.ts'
import type { Call } from './call.ts'
import { letters } from './chance.ts'
import { areTexts, type Fields, isText } from './fields.ts'
import { page } from './pages.ts'
import { eventTypes, type Webhook } from './records.ts'

/** The only answer that shows the signing secret: "save it". */
export function createWebhook({ account, body }: Call): Response {
  const fields = fieldsIn({ active: true, retry_policy: 'exponential', ...body })
  if ('refused' in fields) return fields.refused
  const now = account.now
  const secret = `whsec_${letters(account.world, 32)}`
  const webhook: Webhook = { id: account.id('wh'), ...fields, signing_secret: secret, created_at: now, updated_at: now }
  account.webhooks.set(webhook.id, webhook)
  account.traits.given(secret)
  return created(webhook)
}

export const listWebhooks = ({ account, query }: Call): Response => page(query, [...account.webhooks.values()].map(shown))

export const getWebhook = (call: Call): Response => withWebhook(call, (webhook) => ok(shown(webhook)))

export const updateWebhook = (call: Call): Response =>
  withWebhook(call, (webhook) => {
    const fields = fieldsIn({ ...webhook, ...call.body })
    if ('refused' in fields) return fields.refused
    Object.assign(webhook, fields, { updated_at: call.account.now })
    return ok(shown(webhook))
  })

export const deleteWebhook = ({ account, name }: Call): Response => (account.webhooks.delete(name) ? gone() : notFound('Webhook'))

type Chosen = Pick<Webhook, 'url' | 'events' | 'active' | 'retry_policy'>

/** What the caller chooses, or its refusal. Plain HTTP is taken (ours), so that a receiver can stand on the own machine. */
function fieldsIn({ url, events, active, retry_policy }: Fields & { [name in keyof Chosen]?: unknown }): Chosen | { refused: Response } {
  const web = isText(url) && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  if (!web) return { refused: invalid('url', 'Must be an HTTP address') }
  const known = areTexts(events) && events.length > 0 && events.every((event) => eventTypes.some((type) => type === event))
  if (!known) return { refused: invalid('events', 'Must be a list of event types') }
  if (typeof active !== 'boolean') return { refused: invalid('active', 'Must be true or false') }
  if (retry_policy !== 'exponential' && retry_policy !== 'linear') {
    return { refused: invalid('retry_policy', 'Must be exponential or linear') }
  }
  return { url, events, active, retry_policy }
}

/** Without the secret: what is undefined is not written. */
const shown = (webhook: Webhook): object => ({ ...webhook, signing_secret: undefined })

function withWebhook({ account, name }: Call, answer: (webhook: Webhook) => Response): Response {
  const webhook = account.webhooks.get(name)
  return webhook ? answer(webhook) : notFound('Webhook')
}

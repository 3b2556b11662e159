import { createHuechat } from '../../emulator/huechat.ts'
import { anything, BadArgument, control, oneOf, optional, text } from './control.ts'
import type { Emulated } from './emulated.ts'

const channel = optional(oneOf('whatsapp', 'instagram', 'sms', 'email'))

/** A `key` or `messageId` that there is not is a `TypeError` of the emulator: the front answers it with 400. */
export function emulateHuechat(): Emulated {
  const huechat = createHuechat()
  let newest = huechat.key
  const keys = () => ({ HUECHAT_API_KEY: newest })
  return {
    provider: huechat,
    hasSocket: false,
    keys,
    counts: () => huechat.counts,
    controls: {
      rotateKey: control('A second key with the same rights, which is answered; the old one works until deleteKey.', {}, () => {
        newest = huechat.rotateKey(newest)
        return keys()
      }),
      deleteKey: control('This key is dead at once.', { key: text }, ({ key }) => huechat.deleteKey(key)),
      incoming: control(
        'A contact writes: an id, a phone number (+…) or an email address.',
        { contact: text, content: text, channel },
        ({ contact, content, channel }) => ({ message: huechat.incoming(contact, content, channel) }),
      ),
      read: control('A contact reads a message.', { messageId: text }, ({ messageId }) => ({ read: huechat.read(messageId) })),
      sendEvent: control('Sends any event to the webhooks that listen.', { type: text, about: anything }, ({ type, about }) => {
        if (typeof about !== 'object' || about === null) throw new BadArgument('about: an object')
        return { eventId: huechat.sendEvent(type, about) }
      }),
      holdWebhooks: control('Holds first attempts back.', {}, () => huechat.holdWebhooks()),
      releaseWebhooks: control('Sends what was held.', { order: optional(oneOf('as-held', 'reversed')) }, ({ order }) =>
        huechat.releaseWebhooks(order),
      ),
      replayWebhook: control('The same bytes once more.', { eventId: text }, ({ eventId }) => ({
        webhooks: huechat.replayWebhook(eventId),
      })),
      duplicateWebhook: control('The same event, signed anew.', { eventId: text }, ({ eventId }) => ({
        webhooks: huechat.duplicateWebhook(eventId),
      })),
      forgeWebhook: control(
        'A request that receivers must refuse.',
        { flaw: oneOf('unsigned', 'wrong-secret', 'tampered', 'stale') },
        ({ flaw }) => ({ webhooks: huechat.forgeWebhook(flaw) }),
      ),
    },
  }
}

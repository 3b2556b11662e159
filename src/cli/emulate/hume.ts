import { createHume } from '../../emulator/index.ts'
import { anything, BadArgument, closeCode, control, flag, optional, status, text, times, whole } from './control.ts'
import type { Emulated } from './emulated.ts'

export function emulateHume(): Emulated {
  const hume = createHume({ paceMs: 150 })
  const keys = () => ({ HUME_API_KEY: hume.installed[0]?.apiKey ?? '', HUME_SECRET_KEY: hume.installed[0]?.secretKey ?? '' })
  return {
    provider: hume,
    hasSocket: true,
    keys,
    counts: () => hume.counts,
    controls: {
      regenerateKeys: control('A new key pair, which is answered; the old one is dead at once.', {}, () => {
        hume.regenerateKeys()
        return keys()
      }),
      expireTokens: control('Every token minted so far is over.', {}, () => hume.expireTokens()),
      refuseMints: control(
        'The token exchange answers this status.',
        { status: status(400), retryAfterSeconds: optional(whole(0, 86_400, 'seconds')) },
        ({ status, retryAfterSeconds }) => hume.refuseMints(status, retryAfterSeconds),
      ),
      refuseHandshakes: control('Handshakes are answered with this status.', { status: status(400), times }, ({ status, times }) =>
        hume.refuseHandshakes(status, times),
      ),
      withholdMetadata: control('Chats open without chat_metadata.', { on: flag }, ({ on }) => hume.withholdMetadata(on)),
      dropSockets: control(
        'Closes every socket with this code; without one cuts it.',
        { code: closeCode, reason: optional(text) },
        ({ code, reason }) => ({ dropped: hume.dropSockets(code, reason) }),
      ),
      sendError: control(
        'Sends an error frame to every live chat.',
        { code: text, slug: optional(text), message: optional(text) },
        ({ code, slug, message }) => hume.sendError(code, slug, message),
      ),
      sendFrame: control('Sends any frame to every live chat: an object, or a text as it is.', { frame: anything }, ({ frame }) => {
        if (typeof frame !== 'string' && (typeof frame !== 'object' || frame === null)) throw new BadArgument('frame: an object or a text')
        hume.sendFrame(frame)
      }),
      hear: control('The user says this aloud.', { words: text, chatId: optional(text) }, ({ words, chatId }) => hume.hear(words, chatId)),
    },
  }
}

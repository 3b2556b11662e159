import { createAgenthuman } from '../../emulator/agenthuman.ts'
import { closeCode, control, flag, oneOf, optional, status, text, whole } from './control.ts'
import type { Emulated } from './emulated.ts'

export function emulateAgenthuman(): Emulated {
  const agenthuman = createAgenthuman()
  const keys = () => ({ AGENTHUMAN_API_KEY: agenthuman.key })
  return {
    provider: agenthuman,
    hasSocket: true,
    keys,
    counts: () => ({ ...agenthuman.counts, liveSockets: agenthuman.liveSockets, liveSessions: agenthuman.liveSessions }),
    controls: {
      rotate: control('A new API key, which is answered; all others are deleted at once.', {}, () => {
        agenthuman.rotate()
        return keys()
      }),
      createKey: control(
        'A further API key, which is answered; the others go on working.',
        { environment: optional(oneOf('live', 'test')) },
        ({ environment }) => ({ key: agenthuman.createKey(environment) }),
      ),
      deleteKey: control('This key is dead at once.', { key: text }, ({ key }) => ({ deleted: agenthuman.deleteKey(key) })),
      otp: control('The one-time code in the mail of the owner, or null.', {}, () => ({ otp: agenthuman.otp })),
      expireSessions: control('All sessions that run end now.', {}, () => ({ ended: agenthuman.expireSessions() })),
      refuseMints: control(
        'The creation of sessions answers this status.',
        { status: status(400), error: optional(text), retryAfterSeconds: optional(whole(0, 86_400, 'seconds')) },
        ({ status, error, retryAfterSeconds }) =>
          agenthuman.refuseMints(status, {
            ...(error !== undefined && { error }),
            ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
          }),
      ),
      outOfMinutes: control('No minutes are left.', { on: flag }, ({ on }) => agenthuman.outOfMinutes(on)),
      dropSockets: control(
        'Closes every socket with this code; without one cuts it. Their sessions end.',
        { code: closeCode, reason: optional(text) },
        ({ code, reason }) => ({ dropped: agenthuman.dropSockets(code, reason) }),
      ),
    },
  }
}

import { createBithuman } from '../../emulator/index.ts'
import { closeCode, control, flag, optional, status, text } from './control.ts'
import type { Emulated } from './emulated.ts'

export function emulateBithuman(): Emulated {
  const bithuman = createBithuman()
  const keys = () => ({ BITHUMAN_API_SECRET: bithuman.secret })
  return {
    provider: bithuman,
    hasSocket: true,
    keys,
    counts: () => ({ ...bithuman.counts, liveSockets: bithuman.liveSockets }),
    controls: {
      rotate: control('A new API secret, which is answered; the old one is dead at once.', {}, () => {
        bithuman.rotate()
        return keys()
      }),
      expireTokens: control('Every token given out so far is over.', {}, () => bithuman.expireTokens()),
      refuseMints: control('Whatever mints or costs credit answers this status.', { status: status(400) }, ({ status }) =>
        bithuman.refuseMints(status),
      ),
      suspend: control('Suspends runtime access: 403 RUNTIME_SUSPENDED.', { on: flag }, ({ on }) => bithuman.suspend(on)),
      outOfCredit: control('402 INSUFFICIENT_BALANCE for whatever costs credit.', { on: flag }, ({ on }) => bithuman.outOfCredit(on)),
      throttleFailures: control(
        'Whether more than 30 failed authentications a minute are answered 429; off forgets them.',
        { on: flag },
        ({ on }) => bithuman.throttleFailures(on),
      ),
      dropSockets: control(
        'Closes every runtime socket with this code; without one cuts it.',
        { code: closeCode, reason: optional(text) },
        ({ code, reason }) => ({ dropped: bithuman.dropSockets(code, reason) }),
      ),
    },
  }
}

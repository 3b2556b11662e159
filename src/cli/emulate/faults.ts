import type { Faults } from '../../emulator/index.ts'
import { anything, closeCode, control, flag, oneOf, optional, status, text, times, whole } from './control.ts'
import type { Controls, Kind } from './control.ts'

const headers: Kind<Record<string, string>> = {
  words: 'an object of HTTP headers',
  fits: (value): value is Record<string, string> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    try {
      return [...new Headers(value as Record<string, string>)].length >= 0
    } catch {
      return false
    }
  },
}

/** What can go wrong on the way to any provider. */
export const faultControls = (faults: Faults): Controls => ({
  silence: control(
    'Accepts everything and answers nothing, open sockets included. held "answers": the provider still acts on requests.',
    { on: flag, held: optional(oneOf('requests', 'answers')) },
    ({ on, held }) => faults.silence(on, held),
  ),
  refuse: control(
    'Answers HTTP requests itself. path: only those whose path begins so.',
    { status: status(), times, path: optional(text), body: optional(anything), headers: optional(headers) },
    ({ status, times, path, body, headers }) =>
      faults.refuse(status, {
        ...(times !== undefined && { times }),
        ...(path !== undefined && { match: (request: Request) => new URL(request.url).pathname.startsWith(path) }),
        ...(body !== undefined && { body }),
        ...(headers !== undefined && { headers }),
      }),
  ),
  refuseUpgrades: control('Answers WebSocket handshakes with this status.', { status: status(400), times }, ({ status, times }) =>
    faults.refuseUpgrades(status, times),
  ),
  hangUpgrades: control('Takes WebSocket handshakes and never answers them.', { on: flag }, ({ on }) => faults.hangUpgrades(on)),
  drop: control(
    'Closes all open sockets with this code; without one cuts them, so that clients see 1006.',
    { code: closeCode, reason: optional(text) },
    ({ code, reason }) => ({ dropped: faults.drop(code, reason) }),
  ),
  slow: control('Adds this to every answer, handshake and frame; 0 ends it.', { ms: whole(0, 600_000, 'milliseconds') }, ({ ms }) =>
    faults.slow(ms),
  ),
  down: control('The machine is gone: connections are cut.', { on: flag }, ({ on }) => faults.down(on)),
  heal: control('Ends all of the above.', {}, () => faults.heal()),
})

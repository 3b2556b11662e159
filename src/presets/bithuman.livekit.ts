import { tokenAddress } from '../wire/address.ts'
import type { CloseCodeRange, Preset } from './preset.ts'
import { definePreset } from './preset.ts'

export interface BitHumanLiveKitOptions {
  /**
   * The signalling address of the LiveKit server, without the token: `wss://….livekit.cloud/rtc`, or `…/rtc/v1?join_request=…`.
   * `ws://` on loopback only.
   */
  readonly url: string
  /**
   * Default: every close is dialled again. LiveKit closes with 1000 whether it restarts or has thrown the participant out;
   * which of the two, its last frame says.
   */
  readonly closeCodes?: readonly CloseCodeRange[]
}

/**
 * The signalling socket of the LiveKit room that a bitHuman avatar is in, for applications that speak LiveKit's protobuf
 * themselves. (With `livekit-client`, which has its own socket, use LiveKit's reconnects instead.)
 *
 * The room token is a ticket, signed by your backend with LiveKit's server SDK for one participant. It is checked at the
 * handshake; when that fails, `/rtc/validate` is asked with the same token, which tells a refused one (401) from a broken
 * network. The link is up when the socket is open, which LiveKit does only for somebody whom it has let in; its `join` is the
 * first frame. Each link is a new join: nothing is continued or queued across it, and a token that the server offers in a
 * `refresh_token` frame is not used, as the backend mints the next one.
 *
 * Frames are LiveKit's `SignalResponse` and `SignalRequest`, as bytes. The pings among them are the application's, as in
 * LiveKit's own client: every 5 s. Throws `TypeError` for an option that cannot be right.
 *
 * Source: livekit/client-sdk-js src/api/SignalClient.ts; livekit/livekit pkg/service/rtcservice.go (opens the socket after the
 * join) and auth.go (reads `Authorization: Bearer` before `access_token`); livekit/protocol protobufs/livekit_rtc.proto.
 *
 * @see https://docs.bithuman.ai/platforms/livekit
 */
export function bitHumanLiveKit(options: BitHumanLiveKitOptions): Preset<ArrayBuffer, never> {
  const { url, closeCodes = [] } = options
  const address = tokenAddress('bitHumanLiveKit: url', url, 'wss')
  if (!/\/rtc(\/v1)?$/.test(address.pathname)) {
    throw new TypeError('bitHumanLiveKit: url must be the signalling address, which ends in /rtc or /rtc/v1')
  }
  const validate = new URL(address)
  validate.protocol = address.protocol.replace('ws', 'http')
  validate.pathname += '/validate'
  return definePreset<ArrayBuffer, never>({
    name: 'bitHuman LiveKit',
    docs: 'https://docs.bithuman.ai/platforms/livekit',
    audience: address.origin,
    url: () => address.href,
    // A second socket under the same name would put the first one out of the room. The life is that of LiveKit's own renewals.
    token: { kind: 'ticket', scope: 'session', use: 'multi', placement: { in: 'query', name: 'access_token' }, lifetimeMs: 600_000 },
    ready: 'open',
    closeCodes,
    messages: { envelope: () => false, stale: () => true },
    verify: { url: validate.href },
  })
}

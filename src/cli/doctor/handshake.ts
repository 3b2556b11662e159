import { WebSocket } from 'ws'
import { failure, failureOf } from './failure.ts'
import type { Failure } from './failure.ts'

/** How a WebSocket handshake ended. */
export type Handshake =
  | { readonly is: 'accepted'; readonly closes: boolean }
  | { readonly is: 'refused'; readonly how: string }
  | { readonly is: 'redirected'; readonly status: number }
  | Failure

export interface Knock {
  /** With the token in it, if it goes there. */
  readonly url: URL
  readonly origin: string
  /** Sent at once, for servers that take the token in the first frame. */
  readonly firstFrame?: string | undefined
  readonly deadlineMs: number
  /** How long an open socket is watched before it counts as accepted: some servers open first and refuse with a close code. */
  readonly settleMs: number
}

/** Knocks once. Redirects are not followed. An accepted socket is closed, and whether the server answers that is told. */
export function knock({ url, origin, firstFrame, deadlineMs, settleMs }: Knock): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { origin, followRedirects: false, maxPayload: 1 << 20 })
    let timer = setTimeout(() => end(failure('timeout')), deadlineMs)
    let closing = false
    const end = (outcome: Handshake): void => {
      clearTimeout(timer)
      resolve(outcome)
      socket.terminate()
    }
    const accept = (): void => {
      if (closing) return
      closing = true
      clearTimeout(timer)
      timer = setTimeout(() => end({ is: 'accepted', closes: false }), deadlineMs)
      socket.close(1000)
    }
    socket.on('unexpected-response', (_, { statusCode: status = 0 }) => {
      end(status >= 300 && status < 400 ? { is: 'redirected', status } : { is: 'refused', how: `with ${status}` })
    })
    socket.on('error', (error) => end(failureOf(error)))
    socket.on('open', () => {
      clearTimeout(timer)
      timer = setTimeout(accept, settleMs)
      if (firstFrame !== undefined) socket.send(firstFrame)
    })
    // An error in the first frame is mostly followed by a close, which then says more.
    socket.on('message', (frame: Buffer) => {
      if (!/"type"\s*:\s*"error"/.test(frame.toString('latin1', 0, 4096))) accept()
    })
    socket.on('close', (code) => {
      end(closing ? { is: 'accepted', closes: true } : { is: 'refused', how: `by a close with ${code}` })
    })
  })
}

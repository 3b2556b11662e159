import { WebSocket } from 'ws'
import { closeCodes } from '../../src/protocol/codes.ts'
import { received } from '../../src/protocol/cursor.ts'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.ts'
import { pageOrigin } from './orders.ts'

/** What the clients of one process share. */
export interface Crowd {
  readonly ports: readonly number[]
  /** A lease of 120 s for this user. */
  sign(user: string): Promise<string>
  heard(at: number, event: unknown): void
  ready(by: 1 | -1): void
  closed(code: number): void
  renewed(): void
  gap(): void
}

const lifetimeMs = 120_000
const acknowledgeEvery = 32

/**
 * A client of the protocol (PROTOCOL.md) as the library is one, without the library: thousands of them fit into a process. No
 * ping: the gateway's positions come before it would be due.
 */
export function openClient(crowd: Crowd, at: number, user: string): void {
  let cursor: string | undefined
  let lease = ''
  let renewAt = 0
  let attempt = 0

  const dial = async (gateway = at, tries = 0): Promise<void> => {
    if (lease === '' || performance.now() > renewAt) await renew()
    const { ports } = crowd
    const socket = new WebSocket(`ws://127.0.0.1:${ports[gateway % ports.length]}/`, { origin: pageOrigin, perMessageDeflate: false })
    const say = (frame: ClientFrame): void => socket.send(JSON.stringify(frame))
    let spreadMs = 0
    let sinceAck = 0
    let isReady = false
    let elsewhere = false
    let beat: NodeJS.Timeout | undefined

    const showLater = (): void => {
      beat = setTimeout(
        () => {
          void renew().then(() => {
            if (socket.readyState !== socket.OPEN) return
            say({ type: 'renew', access_token: lease })
            showLater()
          })
        },
        Math.max(0, renewAt - performance.now()),
      )
    }

    socket.once('open', () => say({ type: 'hello', version: 1, access_token: lease, ...(cursor !== undefined && { cursor }) }))
    socket.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as ServerFrame
      if (frame.type === 'ready') {
        if (cursor !== undefined && !frame.resumed) crowd.gap()
        cursor = frame.cursor
        spreadMs = frame.spread_ms
        attempt = 0
        isReady = true
        crowd.ready(1)
        showLater()
      } else if (frame.type === 'goaway') spreadMs = frame.spread_ms
      else if (frame.type === 'renewed') crowd.renewed()
      const place = received(cursor, frame)
      if (place === undefined) return
      if (place.is === 'gap') crowd.gap()
      if (frame.type === 'event') {
        if (place.is !== 'known') crowd.heard(at, frame.event)
        if (++sinceAck >= acknowledgeEvery) {
          sinceAck = 0
          say({ type: 'ack', seq: frame.seq })
        }
      }
      cursor = place.cursor
    })
    socket.on('error', () => {
      elsewhere = socket.readyState !== socket.OPEN && !isReady
    })
    socket.once('close', (code) => {
      clearTimeout(beat)
      if (isReady) crowd.ready(-1)
      // As a balancer does it: one that takes no connection is passed over, and the client notices nothing.
      if (elsewhere && tries + 1 < ports.length) return void dial(gateway + 1, tries + 1)
      crowd.closed(code)
      if (code >= closeCodes.leaseInvalid && code < closeCodes.helloTimeout) lease = ''
      attempt++
      const waitMs =
        attempt === 1 && spreadMs > 0 ? spreadMs : Math.min(30_000, (code === closeCodes.restart ? 5000 : 1000) * 2 ** (attempt - 1))
      setTimeout(() => void dial(), Math.random() * waitMs)
    })
  }

  async function renew(): Promise<void> {
    renewAt = performance.now() + (lifetimeMs / 2) * (1 - 0.1 * Math.random())
    lease = await crowd.sign(user)
  }

  void dial()
}

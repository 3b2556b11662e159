import { once } from 'node:events'
import { expect } from 'vitest'
import { WebSocket } from 'ws'

export interface Client {
  readonly socket: WebSocket
  /** Texts as they are, binary frames as `Uint8Array`. */
  readonly frames: (string | Uint8Array)[]
  readonly opened: Promise<string>
  /** Resolves with the status of a refused handshake. */
  readonly refused: Promise<number>
  readonly closed: Promise<{ code: number; reason: string }>
  /** Resolves as soon as `count` frames have come. */
  got(count: number): Promise<readonly (string | Uint8Array)[]>
}

/** A real WebSocket whose every event can be awaited. */
export function connect(url: string, protocols: string[] = [], options: { ca?: string; headers?: Record<string, string> } = {}): Client {
  const socket = new WebSocket(url, protocols, options)
  const frames: (string | Uint8Array)[] = []
  socket.on('message', (data: Buffer, isBinary) => frames.push(isBinary ? new Uint8Array(data) : data.toString()))
  socket.on('error', () => {})
  return {
    socket,
    frames,
    opened: new Promise((resolve) => socket.once('open', () => resolve(socket.protocol))),
    refused: new Promise((resolve) =>
      socket.once('unexpected-response', (_, response) => (resolve(response.statusCode ?? 0), socket.terminate())),
    ),
    closed: new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))),
    async got(count) {
      while (frames.length < count) await once(socket, 'message')
      return frames
    },
  }
}

/** Waits for something to become true; long enough for a machine that is busy. */
export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 4000, interval: 10 })
}

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Frames that no server may send (RFC 6455 §5, §7.4.1, §8.1): what an engine does with them is its own business, ours is what follows. */
export const brokenFrames: Readonly<Record<string, Buffer>> = {
  'text that is no UTF-8': Buffer.from([0x81, 2, 0xc3, 0x28]),
  'an opcode that does not exist': Buffer.from([0x83, 0]),
  'a reserved bit': Buffer.from([0xc1, 0]),
  'a ping in two parts': Buffer.from([0x09, 0]),
  'a ping that is too long': Buffer.from([0x89, 126, 0, 200, ...Buffer.alloc(200)]),
  'a masked frame': Buffer.from([0x81, 0x80, 1, 2, 3, 4]),
  'half a close code': Buffer.from([0x88, 1, 3]),
  'a close code that is never on the wire': Buffer.from([0x88, 2, 0x03, 0xed]),
  'a part of no message': Buffer.from([0x80, 0]),
  'a length of 2⁶³': Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
}

/** One whole text frame, as a server may send it; shorter than 126 bytes. */
export const textFrame = (text: string): Buffer => Buffer.from([0x81, Buffer.byteLength(text), ...Buffer.from(text)])

export interface RawServer {
  readonly port: number
  readonly upgrades: number
  /** Writes these bytes into every open connection. */
  write(bytes: Buffer): void
  close(): void
}

/** Shakes hands, and from then on sends bytes as they are. */
export async function startRaw(): Promise<RawServer> {
  let upgrades = 0
  const sockets = new Set<{ write(bytes: Buffer): unknown; destroy(): unknown }>()
  const server = createServer().on('upgrade', (request, socket) => {
    upgrades++
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
    // It reads what comes and hangs up when the other end does.
    socket.resume().on('end', () => socket.destroy())
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get upgrades() {
      return upgrades
    },
    write(bytes) {
      for (const socket of sockets) socket.write(bytes)
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

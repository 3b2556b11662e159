/**
 * The network between pages and servers: real TCP connections, carried as they are until something is done to one of them. It
 * reads what passes, so that the account knows who speaks to whom, with which token.
 */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { marked, pageOf } from './casts.ts'
import type { PageName } from './casts.ts'
import { count } from './figures.ts'
import type { Figures } from './figures.ts'
import { closeFrame, frameReader, textFrame } from './frames.ts'
import type { FrameReader } from './frames.ts'
import type { WayAccount } from './way-account.ts'

/** What becomes of a handshake. */
export type Handshake =
  | { readonly is: 'refused'; readonly status: number }
  /** Nothing answers. */
  | { readonly is: 'hung' }
  /** The connection is reset. */
  | { readonly is: 'reset' }
  /** Opened, and closed at once. */
  | { readonly is: 'closed'; readonly code: number }
  /** Opened, and nothing follows. */
  | { readonly is: 'mute' }

export interface Connection {
  readonly session: string
  readonly since: number
  /** Cut without a farewell: with RST, or with FIN. */
  cut(how: 'rst' | 'fin'): void
  /** From now on nothing goes through, in either direction, and neither end is told. */
  silence(): void
  /** The server says farewell. False where a frame is just on its way. */
  close(code: number): boolean
  /** The server says something that is no message. */
  babble(): boolean
  /** The server says again what it said last. */
  repeat(): boolean
}

export interface Way {
  readonly port: number
  /** Connections that are open and carry. */
  readonly live: ReadonlySet<Connection>
  /** Those that carry nothing any more. */
  readonly silent: ReadonlySet<Connection>
  /** What awaits the handshakes of a page, until it is deleted. */
  readonly troubles: Map<string, Handshake>
  close(): void
}

export interface WayOptions {
  readonly pages: ReadonlyMap<string, PageName>
  readonly account: WayAccount
  readonly figures: Figures
  /** The servers behind it, the best first. */
  readonly ports: () => readonly number[]
}

const headAtMost = 16_384

export async function openWay({ pages, account, figures, ports }: WayOptions): Promise<Way> {
  const sockets = new Set<Socket>()
  const live = new Set<Connection>()
  const silent = new Set<Connection>()
  const troubles = new Map<string, Handshake>()
  let ids = 0

  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  }

  const server = createServer((client) => {
    keep(client)
    let head = Buffer.alloc(0)
    const read = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0 && head.length < headAtMost) return
      client.off('data', read)
      client.pause()
      const session = /P\d+-\d+/.exec(head.subarray(0, end).toString('latin1').split('\r\n', 1)[0] ?? '')?.[0]
      if (session === undefined) return lead(client, ports(), (to) => carry(client, to, head))
      arrives(client, session, head)
    }
    client.on('data', read)
  })

  function arrives(client: Socket, session: string, head: Buffer): void {
    const trouble = troubles.get(pageOf(session))
    if (trouble) count(figures, `handshake ${trouble.is}`)
    switch (trouble?.is) {
      case 'refused':
        client.end(`HTTP/1.1 ${trouble.status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
        client.resume()
        return
      case 'hung':
        client.resume()
        return
      case 'reset':
        return void client.resetAndDestroy()
      case 'closed':
      case 'mute':
      case undefined:
        return lead(client, ports(), (to) => converse(client, to, session, head, trouble))
      default:
        trouble satisfies never
    }
  }

  /** To the first server that takes the connection. */
  function lead(client: Socket, [port, ...others]: readonly number[], there: (to: Socket) => void): void {
    if (port === undefined || client.destroyed) return void client.destroy()
    const to = connect(port, '127.0.0.1')
    to.once('error', () => lead(client, others, there))
    to.once('connect', () => {
      to.removeAllListeners('error')
      keep(to)
      there(to)
    })
  }

  /** Plain HTTP: whatever it is, it passes. */
  function carry(client: Socket, to: Socket, head: Buffer): void {
    to.write(head)
    client.pipe(to).pipe(client)
    client.once('close', () => to.destroy())
    to.once('close', () => client.destroy())
  }

  function converse(client: Socket, to: Socket, session: string, head: Buffer, trouble: Handshake | undefined): void {
    const id = String(++ids)
    const page = pageOf(session)
    const lease = pages.get(page)!.cast.traits.kind === 'lease'
    const now = (): number => performance.now()
    const up = frameReader()
    const down = frameReader()
    let last: Buffer | undefined
    let isOpen = false
    let carries = true
    let answer = Buffer.alloc(0)

    const gone = (): void => {
      account.leaves(session, id)
      live.delete(connection)
    }
    const say = (bytes: Buffer): boolean => {
      if (!isOpen || !down.atBoundary || !carries) return false
      return (client.write(bytes), true)
    }
    const connection: Connection = {
      session,
      since: now(),
      cut(how) {
        gone()
        to.destroy()
        if (how === 'rst') client.resetAndDestroy()
        else client.end()
      },
      silence() {
        gone()
        carries = false
        silent.add(connection)
        client.pause()
        to.pause()
      },
      close(code) {
        if (!say(closeFrame(code))) return false
        gone()
        carries = false
        // Its farewell is answered by the client, and the server is told nothing.
        to.destroy()
        client.removeAllListeners('data')
        client.resume()
        client.end()
        return true
      },
      babble: () => say(textFrame('this is no JSON, and no message of any protocol')),
      repeat: () => last !== undefined && say(last),
    }

    const target = head.subarray(0, head.indexOf('\r\n')).toString('latin1').split(' ')[1] ?? '/'
    const token = new URL(target, 'http://127.0.0.1').searchParams.get('access_token')
    if (token !== null) account.shows(page, session, token, now())
    account.connects(session, id, now())

    client.on('data', (bytes: Buffer) => {
      to.write(bytes)
      passUp(up, bytes)
    })
    to.on('data', (bytes: Buffer) => {
      if (isOpen) return passDown(bytes)
      answer = Buffer.concat([answer, bytes])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) return
      const rest = answer.subarray(end + 4)
      client.write(answer.subarray(0, end + 4))
      if (!answer.toString('latin1', 9, 12).startsWith('101')) return void client.write(rest)
      isOpen = true
      live.add(connection)
      count(figures, 'connections opened')
      if (trouble?.is === 'closed') connection.close(trouble.code)
      else if (trouble?.is === 'mute') connection.silence()
      else if (rest.length > 0) passDown(rest)
    })
    const ends = (): void => {
      gone()
      silent.delete(connection)
      client.destroy()
      to.destroy()
    }
    client.once('close', ends)
    to.once('close', () => {
      // A connection that is silent tells nobody, and one that was closed here waits for its client.
      if (carries) client.end()
      if (carries) gone()
    })
    to.write(head)
    client.resume()

    function passUp(reader: FrameReader, bytes: Buffer): void {
      for (const { opcode, text } of reader.read(bytes)) {
        if (opcode === 8) gone()
        if (opcode !== 1) continue
        const own = marked.exec(text)
        if (own) account.message(page, session, Number(own[2]), lease, now())
        else if (/^\{"type":"(?:hello|renew)"/.test(text))
          account.shows(page, session, (JSON.parse(text) as { access_token: string }).access_token, now())
      }
    }
    function passDown(bytes: Buffer): void {
      for (const frame of down.read(bytes)) {
        if (frame.opcode === 8) gone()
        if (frame.text.startsWith('{"type":"event"')) last = frame.bytes
      }
      if (carries) client.write(bytes)
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    live,
    silent,
    troubles,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

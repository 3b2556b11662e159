import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Balancer {
  readonly port: number
  /** Loses all answers on the connections that there are, as a network does that breaks in one direction. */
  loseAnswers(): void
  close(): void
}

/** One address in front of several: each connection goes to the first of these ports that takes it. They are asked for each time. */
export async function balancer(ports: () => readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  const answering = new Map<Socket, Socket>()
  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    client.on('error', () => client.destroy())
    lead(client, ports())
  })

  function lead(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) return void client.destroy()
    const gateway = connect(port, '127.0.0.1')
    keep(gateway)
    const next = (): void => lead(client, others)
    gateway.once('error', next)
    gateway.once('connect', () => {
      gateway.off('error', next)
      gateway.on('error', () => client.destroy())
      gateway.on('close', () => client.destroy())
      client.on('close', () => gateway.destroy())
      gateway.on('close', () => answering.delete(gateway))
      answering.set(gateway, client)
      gateway.pipe(client).pipe(gateway)
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    loseAnswers() {
      for (const [gateway, client] of answering) gateway.unpipe(client).resume()
    },
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

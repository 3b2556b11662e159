import { WebSocket } from 'ws'
import { createLeases } from '../../src/server/lease/lease.ts'
import { memoryStore } from '../../src/server/store/memory.ts'
import type { Deployment } from './deployment.ts'
import { audience, keyId, pageOrigin } from './orders.ts'

/** What a gateway closes a raw socket with, that shows this lease. */
export function closeCode(port: number, lease: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { origin: pageOrigin })
    socket.once('open', () => socket.send(JSON.stringify({ type: 'hello', version: 1, access_token: lease })))
    socket.on('message', (text: Buffer) => {
      if (text.toString().includes('"ready"')) socket.close(1000)
    })
    socket.once('close', resolve)
    socket.once('error', reject)
  })
}

/** A lease as the gateways' own mint would sign it. */
export function leaseOf({ leaseSecret }: Deployment, user: string, epoch: number): Promise<string> {
  const leases = createLeases({ keys: [{ kid: keyId, secret: leaseSecret }], audience, store: memoryStore() })
  return leases.sign({ user, scopes: [], epoch, lifetimeSeconds: 120 })
}

/** T14: WebKitGTK follows a redirect of the handshake. No server of ours answers with one, whatever it is asked. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createAgenthuman, createBithuman, createHuechat, createHume } from '../../src/emulator/index.ts'
import { mount, serve } from '../../src/emulator/node.ts'
import { attachGateway, createGateway, memoryStore } from '../../src/server/gateway/index.ts'

/** The status of a handshake: 101 where it opens. */
async function statusOf(url: string): Promise<number> {
  const socket = new WebSocket(url, { origin: 'https://app.test' })
  socket.on('error', () => {})
  return new Promise((resolve) => {
    socket.once('open', () => resolve(101)).once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
  }).then((status) => (socket.terminate(), status as number))
}

/** What makes web servers redirect: no slash at the end, or one too many, dots, another case, another scheme's page. */
const endings = ['', '/', '//', '/.', '/..', '/index.html', '?', '?access_token=x', '/login?next=%2F']

test.each(['hume/v0/evi/chat', 'bithuman/v1/runtime/A1', 'agenthuman/v1/avatar', 'huechat/v1', 'Hume/v0/evi', '', '/hume', 'nowhere'])(
  'an emulator: /%s',
  async (path) => {
    const all = { hume: createHume(), bithuman: createBithuman(), agenthuman: createAgenthuman(), huechat: createHuechat() }
    const served = await serve(mount(all))
    onTestFinished(() => served.close())
    for (const ending of endings) {
      const status = await statusOf(`${served.wsUrl}/${path}${ending}`)
      expect(status === 101 || status >= 400, `${ending}: ${status}`).toBe(true)
    }
  },
)

test('the gateway', async () => {
  const server = createServer()
  const gateway = createGateway({
    audience: 'https://gateway.test',
    keys: [{ kid: 'k1', secret: 'x'.repeat(32) }],
    origins: ['https://app.test'],
    store: memoryStore(),
  })
  const attached = attachGateway(server, gateway, { rest: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await attached.close()
    server.close()
  })
  for (const ending of endings) {
    const status = await statusOf(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/gateway${ending}`)
    expect(status === 101 || status >= 400, `${ending}: ${status}`).toBe(true)
  }
})

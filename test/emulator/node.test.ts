import { connect as tcp } from 'node:net'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { mount, nodeListener, realWorld, serve, type Served } from '../../src/emulator/node.ts'
import { connect, eventually } from './client.ts'
import { createEcho } from './echo.ts'
import { latch } from './latch.ts'

const open: Served[] = []
const serving = async (...args: Parameters<typeof serve>) => {
  const served = await serve(...args)
  open.push(served)
  return served
}
afterEach(async () => void (await Promise.all(open.splice(0).map((served) => served.close()))))

test('a request reaches the provider with its method, address, headers and body, and the answer comes back', async () => {
  const { url } = await serving(createEcho())
  const response = await fetch(`${url}/a/b?c=d`, { method: 'POST', body: 'hello', headers: { 'x-test': 'yes' } })
  expect(response.status).toBe(201)
  expect(await response.text()).toBe('POST /a/b?c=d hello')
  expect(response.headers.get('x-seen')).toBe('yes')
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

test('a HEAD has headers and no body', async () => {
  const { url } = await serving(createEcho())
  const response = await fetch(`${url}/`, { method: 'HEAD', headers: { 'x-test': 'h' } })
  expect(response.headers.get('x-seen')).toBe('h')
  expect(await response.text()).toBe('')
})

test('a streamed answer arrives whole', async () => {
  const { url } = await serving(createEcho())
  expect(await (await fetch(`${url}/stream`)).text()).toBe('one two three')
})

test('an endless answer is cancelled when the client leaves', async () => {
  const cancelled = latch()
  const endless = () => new ReadableStream<Uint8Array>({ pull: (c) => c.enqueue(new Uint8Array(1024)), cancel: () => cancelled.open() })
  const { url } = await serving({ ...createEcho(), fetch: async () => new Response(endless()) })
  const leave = new AbortController()
  const response = await fetch(url, { signal: leave.signal })
  expect(response.status).toBe(200)
  leave.abort()
  await cancelled.opened
})

test('the request is aborted when the client leaves', async () => {
  const aborted = latch()
  const arrived = latch()
  const { url } = await serving({
    ...createEcho(),
    fetch: (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => (aborted.open(), reject(request.signal.reason)))
        arrived.open()
      }),
  })
  const leave = new AbortController()
  const gone = fetch(url, { signal: leave.signal })
  await arrived.opened
  leave.abort()
  await expect(gone).rejects.toMatchObject({ name: 'AbortError' })
  await aborted.opened
})

test('a body over 10 MB is answered 413, announced or not', async () => {
  const { url } = await serving(createEcho())
  const big = new Uint8Array(11 * 2 ** 20)
  expect((await fetch(url, { method: 'POST', body: big })).status).toBe(413)
  let left = 11
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(2 ** 20)) : controller.close()),
  })
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: stream, duplex: 'half' }
  // Node's fetch reports either the answer or, if the connection closed under its upload, the failed write.
  const status = await fetch(url, init).then(
    (response) => response.status,
    () => 413,
  )
  expect(status).toBe(413)
})

test('a provider that throws is answered 500, and the server lives on', async () => {
  const echo = createEcho()
  const { url } = await serving({
    ...echo,
    fetch: (request) => (request.method === 'PUT' ? Promise.reject(new Error('bug')) : echo.fetch(request)),
  })
  expect((await fetch(url, { method: 'PUT' })).status).toBe(500)
  expect((await fetch(url)).status).toBe(201)
})

test('text stays text, binary stays binary, both ways', async () => {
  const echo = createEcho()
  const { wsUrl } = await serving(echo)
  const client = connect(`${wsUrl}/room?x=1`)
  await client.opened
  client.socket.send('hi')
  client.socket.send(new Uint8Array([1, 2, 3]))
  expect(await client.got(3)).toEqual(['open /room?x=1', 'hi', new Uint8Array([1, 2, 3])])
  expect(echo.heard).toEqual(['hi', new Uint8Array([1, 2, 3])])
  client.socket.close(4000, 'bye')
  expect(await client.closed).toEqual({ code: 4000, reason: 'bye' })
  await eventually(() => echo.closed).toEqual([{ code: 4000, reason: 'bye' }])
})

test('a frame that comes in one packet with the handshake is not lost', async () => {
  const echo = createEcho()
  const { port } = await serving(echo)
  const raw = tcp(port, '127.0.0.1')
  const handshake = ['GET / HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const frame = Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('early')])
  raw.write(Buffer.concat([Buffer.from([...handshake, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''].join('\r\n')), frame]))
  await eventually(() => echo.heard).toEqual(['early'])
  raw.destroy()
})

test('the provider chooses the subprotocol', async () => {
  const { wsUrl } = await serving(createEcho())
  expect(await connect(wsUrl, ['a', 'b']).opened).toBe('b')
  expect(await connect(wsUrl).opened).toBe('')
})

test('a refused handshake is a real HTTP answer', async () => {
  const { wsUrl } = await serving(createEcho())
  const client = connect(`${wsUrl}/no`)
  expect(await client.refused).toBe(401)
})

test.each([
  [1000, 'done', { code: 1000, reason: 'done' }],
  [1008, '', { code: 1008, reason: '' }],
  [1012, 'restart', { code: 1012, reason: 'restart' }],
  [4401, 'token expired', { code: 4401, reason: 'token expired' }],
  [1005, '', { code: 1005, reason: '' }],
  [1006, '', { code: 1006, reason: '' }],
])('the provider closes with %i', async (code, reason, seen) => {
  const echo = createEcho()
  const { wsUrl } = await serving(echo)
  const client = connect(wsUrl)
  await client.opened
  echo.peers[0]?.close(code, reason)
  expect(await client.closed).toEqual(seen)
})

test('a provider that throws at a frame closes that socket with 1011 and no other', async () => {
  const echo = createEcho()
  const { wsUrl } = await serving({
    ...echo,
    upgrade: async () => ({
      open: (peer) => ({
        message: (data) => {
          if (data === 'bug') throw new Error('bug')
          peer.send(data)
        },
        closed: () => {},
      }),
    }),
  })
  const [good, bad] = [connect(wsUrl), connect(wsUrl)]
  await Promise.all([good.opened, bad.opened])
  bad.socket.send('bug')
  expect((await bad.closed).code).toBe(1011)
  good.socket.send('fine')
  expect(await good.got(1)).toEqual(['fine'])
})

test('close() ends open, idle and half-made connections at once', async () => {
  const served = await serve({ ...createEcho(), fetch: () => new Promise(() => {}), upgrade: createEcho().upgrade })
  const client = connect(served.wsUrl)
  await client.opened
  const pending = fetch(served.url).catch(() => 'cut')
  const raw = tcp(served.port, '127.0.0.1')
  raw.on('error', () => {})
  await once(raw, 'connect')
  const since = performance.now()
  await served.close()
  expect(performance.now() - since).toBeLessThan(1000)
  expect((await client.closed).code).toBe(1006)
  expect(await pending).toBe('cut')
  raw.destroy()
  await served.close()
})

test('a taken port rejects', async () => {
  const { port } = await serving(createEcho())
  await expect(serve(createEcho(), { port })).rejects.toThrow('EADDRINUSE')
})

test('a listener can be one guest of a server among others', async () => {
  const { createServer } = await import('node:http')
  const listener = nodeListener(createEcho())
  const server = createServer((incoming, outgoing) =>
    incoming.url === '/own' ? outgoing.end('own') : listener.request(incoming, outgoing),
  )
  server.on('upgrade', listener.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const at = typeof address === 'object' && address ? `127.0.0.1:${address.port}` : ''
  expect(await (await fetch(`http://${at}/own`)).text()).toBe('own')
  expect(await (await fetch(`http://${at}/guest`)).text()).toBe('GET /guest ')
  const client = connect(`ws://${at}/socket`)
  await client.opened
  listener.close()
  expect((await client.closed).code).toBe(1006)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('mount() serves several providers by the longest prefix and takes it off', async () => {
  const [one, two] = [createEcho(), createEcho()]
  const { url, wsUrl } = await serving(mount({ one, '/one/deep/': two }))
  expect(await (await fetch(`${url}/one/x?y=1`, { method: 'POST', body: 'b' })).text()).toBe('POST /x?y=1 b')
  expect(await (await fetch(`${url}/one/deep/x`)).text()).toBe('GET /x ')
  expect(await (await fetch(`${url}/one`)).text()).toBe('GET / ')
  expect((await fetch(`${url}/oneself`)).status).toBe(404)
  expect([one.served, two.served]).toEqual([['/x', '/'], ['/x']])
  expect(await connect(`${wsUrl}/one/deep/live?z=2`).got(1)).toEqual(['open /live?z=2'])
  expect(await connect(`${wsUrl}/nowhere`).refused).toBe(404)
})

test('realWorld() keeps time in milliseconds and cancels', async () => {
  const world = realWorld()
  expect(Math.abs(world.now() - Date.now())).toBeLessThan(1000)
  const fired: string[] = []
  world.timer(() => fired.push('cancelled'), 5)()
  world.timer(() => fired.push('far'), 2 ** 40)()
  await new Promise<void>((resolve) => {
    const hold = setTimeout(() => {}, 1000)
    world.timer(() => (clearTimeout(hold), resolve()), 20)
  })
  expect(fired).toEqual([])
})

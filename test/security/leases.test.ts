/** What is no lease opens nothing: not by hello, not in the address, not as a renewal, not over REST. */
import { describe, expect, test } from 'vitest'
import { kit, latch, origin, upstreamOf } from '../gateway/kit.ts'
import { bob, claims, forgeries, good, header, jws, now, overdue } from './leases.cases.ts'

/** A gateway with a provider behind it, and everything that a token could reach. */
function guarded() {
  const upstream = upstreamOf()
  const read: string[] = []
  const all = kit({
    upstream,
    onMessage: () => void read.push('message'),
    wrap: (store) => ({
      ...store,
      read: (subject, ...rest) => (read.push(subject), store.read(subject, ...rest)),
      head: () => (read.push('head'), store.head()),
    }),
  })
  const inHello = async (token: string) => {
    const client = await all.dial()
    await client.hello(token)
    return client
  }
  const inAddress = (token: string) => all.dial({ query: `?version=1&access_token=${encodeURIComponent(token)}` })
  const overRest = async (token: string): Promise<unknown> => {
    const headers = new Headers({ origin })
    try {
      headers.set('authorization', `Bearer ${token}`)
    } catch {
      // What no header can carry reaches nobody.
      return 'no header'
    }
    const response = await all.gateway.fetch(new Request('https://gateway.test/v2/contacts', { headers }))
    return [response.status, ((await response.json()) as { error?: string }).error]
  }
  return { ...all, upstream, read, inHello, inAddress, overRest }
}

const login = [401, 'login_required']
/** A request that any page could make: it carries neither a lease nor a header of ours. */
const notOurs = [400, 'bad_request']

test('the tables begin where everything is right: that one opens everything', async () => {
  const it = guarded()
  expect([it.now(), good]).toEqual([now, jws()])
  expect([(await it.inHello(good)).of('ready').length, (await it.inAddress(good)).of('ready').length]).toEqual([1, 1])
  expect(await it.overRest(good)).toEqual([200, undefined])
  expect(it.upstream.reached).toHaveLength(1)
  expect(forgeries.length).toBeGreaterThanOrEqual(100)
  expect(new Set(forgeries.map(([, token]) => token)).size).toBeGreaterThan(forgeries.length - 5)
})

describe.each([
  ['no lease: 4100', forgeries, 4100],
  ['over: 4101', overdue, 4101],
] as const)('%s', (_, rows, code) => {
  test.each(rows)('%s', async (_trick, token) => {
    const it = guarded()
    const [hello, address] = [await it.inHello(token), await it.inAddress(token)]
    for (const { closed, frames } of [hello, address]) expect([closed, frames.map(({ type }) => type)]).toEqual([code, ['error']])
    expect([login, notOurs, 'no header']).toContainEqual(await it.overRest(token))
    expect([it.upstream.reached, it.read, it.gateway.connections]).toEqual([[], [], 0])
    // What was shown is in nothing that anybody is told.
    const told = JSON.stringify([hello.frames, address.frames, it.heard])
    expect(token.length > 8 && told.includes(token)).toBe(false)
  })

  test('as a renewal: the connection that shows it ends too', async () => {
    const it = guarded()
    const codes = await Promise.all(
      rows.slice(0, 18).map(async ([, token]) => {
        const client = await it.inHello(jws(header, { ...claims, jti: crypto.randomUUID() }))
        await client.say({ type: 'renew', access_token: token })
        return client.closed
      }),
    )
    expect(codes).toEqual(rows.slice(0, 18).map(() => code))
  })
})

test.each([
  ['64 KiB', 'x'.repeat(64 * 1024), 1009],
  ['a number', 7, 4000],
  ['null', null, 4000],
  ['an object', {}, 4000],
])('a hello whose lease is %s is no frame', async (_, token, code) => {
  const client = await guarded().inHello(token as string)
  expect([client.closed, client.of('ready')]).toEqual([code, []])
})

test.each([
  ['no scheme', good],
  ['another scheme', `Basic ${good}`],
  ['two leases', `Bearer ${good} ${good}`],
  ['nothing behind the scheme', 'Bearer '],
  ['quotes', `Bearer "${good}"`],
])('over REST, Authorization with %s is not one', async (_, authorization) => {
  const it = guarded()
  const request = new Request('https://gateway.test/v2/contacts', { headers: { origin, authorization } })
  expect([400, 401]).toContain((await it.gateway.fetch(request)).status)
  expect(it.upstream.reached).toEqual([])
})

test('over REST, a lease in the address or in a cookie is none', async () => {
  const it = guarded()
  const headers = { origin, cookie: `access_token=${good}`, 'x-heartwire': '1' }
  const response = await it.gateway.fetch(new Request(`https://gateway.test/v2/contacts?access_token=${good}`, { headers }))
  expect([response.status, it.upstream.reached]).toEqual([401, []])
})

test('a withdrawn right: 4102, in every place, for every lease from before', async () => {
  const it = guarded()
  await it.world.advance(10)
  await it.gateway.revoke('ann')
  const [hello, address] = [await it.inHello(good), await it.inAddress(good)]
  expect([hello.closed, address.closed, await it.overRest(good)]).toEqual([4102, 4102, login])
  expect([it.upstream.reached, it.read]).toEqual([[], []])
})

test("another user's lease on a living connection: 4100, and nothing of either stream is told", async () => {
  const it = guarded()
  const client = await it.inHello(good)
  await client.say({ type: 'renew', access_token: jws(header, bob) })
  await it.gateway.publish({ id: 'e1' }, ['ann', 'bob'])
  expect([client.closed, client.ids]).toEqual([4100, []])
})

test('a lease that serves once serves one, however many come at once, by whichever way', async () => {
  const once = jws(header, { ...claims, once: true })
  const it = guarded()
  const clients = await Promise.all([it.inHello(once), it.inHello(once), it.inAddress(once), it.inAddress(once)])
  const codes = clients.map(({ closed }) => closed)
  expect([codes.filter((code) => code === null).length, codes.filter((code) => code === 4103).length]).toEqual([1, 3])
  // It is remembered for longer than it lives.
  await it.world.advance(119_000)
  expect((await it.inHello(once)).closed).toBe(4103)
})

test('a lease is looked at by the clock of when it is shown, not of when its line was opened', async () => {
  const it = guarded()
  const client = await it.dial()
  await it.world.advance(4_000)
  await client.hello(jws(header, { ...claims, iat: now / 1000 - 117, exp: now / 1000 + 3 }))
  expect(client.closed).toBe(4101)
})

test('a lease that ends while the store is asked does not open', async () => {
  const [asked, answered] = [latch(), latch()]
  const all = kit({
    wrap: (store) => ({
      ...store,
      head() {
        asked.open()
        return answered.opened.then(() => store.head())
      },
    }),
  })
  const client = await all.dial()
  const hello = client.hello(await all.lease({ exp: now / 1000 + 2 }))
  await asked.opened
  await all.world.advance(2_000)
  answered.open()
  await hello
  expect([client.closed, client.of('ready')]).toEqual([4101, []])
})

test('keys that cannot be had refuse everybody, are told to the operator, and stop nothing', async () => {
  let broken = true
  const all = kit({
    upstream: upstreamOf(),
    keys: () => {
      if (broken) throw new Error('no keys')
      return [{ kid: 'k1', secret: 'the first signing key, 32 bytes..' }]
    },
  })
  const [hello, address] = [await all.dial(), await all.dial({ query: `?version=1&access_token=${good}` })]
  await hello.hello(good)
  const headers = { origin, authorization: `Bearer ${good}` }
  const response = await all.gateway.fetch(new Request('https://gateway.test/v2/contacts', { headers }))
  expect([hello.closed, address.closed, response.status, all.heard.length]).toEqual([4104, 4104, 503, 3])
  broken = false
  const next = await all.dial()
  await next.hello(good)
  expect(next.of('ready')).toHaveLength(1)
})

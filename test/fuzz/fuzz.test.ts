/** 100,000 hostile inputs: none throws out, changes a prototype, or makes a secret show; and limits come before parsing. */
import { describe, expect, test } from 'vitest'
import { endpointAsker } from '../../src/io/token.ts'
import type { Host } from '../../src/index.ts'
import { huechatWebhooks } from '../../src/server/webhooks/huechat.ts'
import { webhookReceiver } from '../../src/server/webhooks/webhook.ts'
import { memoryStore } from '../../src/server/store/memory.ts'
import { settle } from '../commands/world.ts'
import { good } from '../security/leases.cases.ts'
import { kit } from '../gateway/kit.ts'
import { parseSpy, prototypesGuard } from './escapes.ts'
import { fuzz } from './fuzz.ts'
import { samples } from './inputs.ts'
import { presets, Target } from './sessions.ts'

const inputs = Number(process.env['HEARTWIRE_FUZZ'] ?? 100_000)

test(`${inputs} inputs, no escape`, { timeout: 300_000 }, async () => {
  const escaped = await fuzz(inputs, 1)
  console.log(`Fuzz: ${inputs} hostile inputs, ${escaped.length} escapes.`)
  expect(escaped).toEqual([])
})

test('the guard of the prototypes sees a property that is new, and one that is another', () => {
  const shared: object = Object.prototype
  const unchanged = prototypesGuard()
  Reflect.set(shared, 'polluted', true)
  const grown = unchanged()
  Reflect.deleteProperty(shared, 'polluted')
  const { toString } = shared
  Reflect.set(shared, 'toString', () => 'mine')
  const other = unchanged()
  Reflect.set(shared, 'toString', toString)
  expect([grown, other, unchanged()]).toEqual([
    'a shared prototype has another number of properties',
    'a shared prototype has another toString',
    null,
  ])
})

describe('a limit comes before the parser', () => {
  const mebi = 1024 * 1024

  test('of 8 MiB, for a frame', async () => {
    const target = new Target(presets[0]!)
    const socket = (await target.socket())!
    const spy = parseSpy()
    socket.say(`"${'x'.repeat(8 * mebi - 2)}"`)
    const allowed = spy.longest()
    socket.say(`"${'x'.repeat(9 * mebi)}"`)
    const refused = spy.longest()
    spy.stop()
    await target.end()
    expect([allowed, refused, target.told.slice(-2, -1)]).toMatchObject([8 * mebi, 0, [{ name: 'bad-frame', issue: 'longer than 8 MiB' }]])
  })

  test('of 16 KiB, for the answer of a token endpoint, however it comes', async () => {
    const parsed: number[] = []
    for (const length of [16_384, 16_385, 9 * mebi]) {
      const body = `"${'x'.repeat(length - 2)}"`
      const streamed = new Response(body, { headers: { 'content-type': 'application/json' } })
      const whole = { ok: true, status: 200, headers: streamed.headers, body: null, text: async () => body } as unknown as Response
      for (const response of [streamed, whole]) {
        const host = { fetch: async () => response, wall: () => 0 } as unknown as Host
        const asker = endpointAsker({ url: '/token' }, host)
        const spy = parseSpy()
        await asker.ask({ reason: 'connect', attempt: 0, handle: undefined, signal: new AbortController().signal }, 1)
        parsed.push(spy.longest())
        spy.stop()
      }
    }
    expect(parsed).toEqual([16_384, 16_384, 0, 0, 0, 0])
  })

  test('of 256 KiB, for a webhook, before its signature too', async () => {
    let asked = 0
    const source = huechatWebhooks({ audience: () => [], secret: () => (asked++, 'whsec') })
    const receive = webhookReceiver({ source, store: memoryStore(), now: () => 0, report: () => {}, name: 'huechat' })
    const spy = parseSpy()
    const { status } = await receive(new Request('https://x.test/', { method: 'POST', body: 'x'.repeat(9 * mebi) }))
    const longest = spy.longest()
    spy.stop()
    expect([status, longest, asked]).toEqual([413, 0, 0])
  })

  test('of 64 Ki, for a frame to a gateway', async () => {
    const client = await kit().dial()
    await client.hello(good)
    const spy = parseSpy()
    await client.say('x'.repeat(65_537))
    const longest = spy.longest()
    spy.stop()
    // What the test's own client reads is short.
    expect([client.closed, longest < 65_537]).toEqual([1009, true])
  })
})

test.each(['1e999', '1e308', '1e12'])('a server that sends its clients away for %s ms sees them within the hour', async (spread) => {
  const target = new Target(presets[1]!)
  const socket = (await target.socket())!
  socket.say(samples.ready[0])
  socket.say(`{"type":"goaway","spread_ms":${spread}}`)
  const left = target.world.now
  socket.end(1006)
  expect(target.session.status).toMatchObject({ name: 'reconnecting', retryAt: left + target.world.offset + 1_800_000 })
  await target.end()
})

test('a million tiny frames arrive, all of them, and leave nothing', { timeout: 120_000 }, async () => {
  const target = new Target(presets[0]!)
  const socket = (await target.socket())!
  let heard = 0
  target.session.on('message', () => heard++)
  for (let slice = 0; slice < 1_000; slice++) {
    for (let frame = 0; frame < 1_000; frame++) socket.say('{}')
    await settle()
  }
  await target.end()
  expect([heard, target.world.timers.size]).toEqual([1_000_000, 0])
})

/** Webhooks: what is no word of the provider reaches nobody; what is reaches its audience, once and in order. */
import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createHuechat } from '../../src/emulator/huechat.ts'
import { huechatWebhooks, memoryStore } from '../../src/server/gateway/index.ts'
import type { HueChatWebhook, HueChatWebhooksOptions } from '../../src/server/gateway/index.ts'
import { breakable, kit } from '../gateway/kit.ts'
import type { KitOptions } from '../gateway/kit.ts'

const secret = 'whsec_0123456789abcdefghijklmnopqrstuv'
const signature = 'x-huechat-signature'
const event = { id: 'evt_1', type: 'message.received', timestamp: '2026-01-01T00:00:00Z', data: { content: 'Hi' } }

const sign = (body: string, ms: number, key = secret): string => {
  const seconds = Math.floor(ms / 1000)
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`
}

type Audience = HueChatWebhooksOptions['audience']

/** A gateway with HueChat's webhooks, ann connected with every scope, and bob too. */
async function receiving(options: Partial<HueChatWebhooksOptions> = {}, more: KitOptions = {}) {
  const audience = vi.fn<Audience>(() => ['ann'])
  const all = kit({ webhooks: { huechat: huechatWebhooks({ audience, secret: () => secret, ...options }) }, ...more })
  const [ann, bob] = [await all.greeted({ scope: '*' }), await all.greeted({ sub: 'bob', scope: '*' })]
  /** Status and code of the answer. */
  const answered = async (request: Request): Promise<unknown[]> => {
    const response = await all.gateway.fetch(request)
    const { error, status } = (await response.json()) as { error?: string; status?: string }
    await all.world.settle()
    return [response.status, error ?? status]
  }
  const post = (body: BodyInit, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    answered(new Request('https://gateway.test/webhooks/huechat', { method: 'POST', body, headers, ...init }))
  /** Signed as it should be. */
  const tell = (about: object, at = all.now(), key?: string) => {
    const body = JSON.stringify(about)
    return post(body, { [signature]: sign(body, at, key) })
  }
  return { ...all, ann, bob, audience, answered, post, tell }
}

describe('refused, and nothing is delivered:', () => {
  const body = JSON.stringify(event)
  const good = (now: number): string => sign(body, now)
  const hex = 'a'.repeat(64)

  test.each<[string, (now: number) => string | null, string]>([
    ['no signature', () => null, 'unsigned'],
    ['an empty one', () => '', 'forged'],
    ['another secret', (now) => sign(body, now, 'whsec_of_somebody_else'), 'forged'],
    ['an empty secret', (now) => sign(body, now, ''), 'forged'],
    ['the signature of another body', (now) => sign(`${body} `, now), 'forged'],
    ['another time than was signed', (now) => good(now).replace(/t=\d+/, `t=${now / 1000 + 1}`), 'forged'],
    ['no time', (now) => good(now).replace(/t=\d+,/, ''), 'forged'],
    ['no MAC', (now) => `t=${now / 1000}`, 'forged'],
    ['an empty MAC', (now) => `t=${now / 1000},v1=`, 'forged'],
    ['a MAC cut short', (now) => good(now).slice(0, -2), 'forged'],
    ['a MAC with more at its end', (now) => `${good(now)}00`, 'forged'],
    ['a MAC that is no hex', (now) => `t=${now / 1000},v1=${'z'.repeat(64)}`, 'forged'],
    [
      'a MAC in base64',
      (now) =>
        `t=${now / 1000},v1=${createHmac('sha256', secret)
          .update(`${now / 1000}.${body}`)
          .digest('base64')}`,
      'forged',
    ],
    ['a MAC of the body alone', (now) => `t=${now / 1000},v1=${createHmac('sha256', secret).update(body).digest('hex')}`, 'forged'],
    ['a good MAC in another version', (now) => good(now).replace('v1=', 'v0='), 'forged'],
    ['two MACs, a good one last', (now) => `t=${now / 1000},v1=${hex},${good(now).split(',')[1]!}`, 'forged'],
    ['two headers in one, a good one first', (now) => `${good(now)}, ${good(now)}`, 'forged'],
    ['fields in another order', (now) => good(now).split(',').reverse().join(','), 'forged'],
    ['spaces between', (now) => good(now).replace(',', ', '), 'forged'],
    ['a negative time', (now) => sign(body, -now), 'forged'],
    ['a fraction of a second', (now) => good(now).replace(',', '.5,'), 'forged'],
    ['a time in hex', (now) => good(now).replace(/t=\d+/, 't=0x10'), 'forged'],
    ['five minutes and a second ago', (now) => sign(body, now - 301_000), 'stale'],
    ['an hour ago', (now) => sign(body, now - 3_600_000), 'stale'],
    ['five minutes and a second ahead', (now) => sign(body, now + 301_000), 'stale'],
    ['a year ahead', (now) => sign(body, now + 31_536_000_000), 'stale'],
    ['time in milliseconds', (now) => sign(body, now * 1000).replace(/t=(\d{12})\d*/, 't=$1'), 'forged'],
    ['1970', () => sign(body, 0), 'stale'],
  ])('%s', async (_, header, error) => {
    const it = await receiving()
    const value = header(it.now())
    expect(await it.post(body, value === null ? {} : { [signature]: value })).toEqual([401, error])
    expect([it.audience.mock.calls, it.ann.ids, it.heard]).toEqual([[], [], []])
    // The same event, signed, is still news.
    expect(await it.tell(event)).toEqual([200, 'appended'])
  })

  test.each<[string, string | Uint8Array<ArrayBuffer>, unknown[]]>([
    ['no JSON', 'hello', [400, 'malformed']],
    ['lists a hundred thousand deep', body.replace('"Hi"', '['.repeat(100_000) + ']'.repeat(100_000)), [400, 'malformed']],
    ['an empty body', '', [400, 'malformed']],
    ['null', 'null', [400, 'malformed']],
    ['a list', JSON.stringify([event]), [400, 'malformed']],
    ['two in a row', `${body}${body}`, [400, 'malformed']],
    ['no id', JSON.stringify({ ...event, id: undefined }), [400, 'malformed']],
    ['an empty id', JSON.stringify({ ...event, id: '' }), [400, 'malformed']],
    ['an id of 257 letters', JSON.stringify({ ...event, id: 'e'.repeat(257) }), [400, 'malformed']],
    ['an id that is a number', JSON.stringify({ ...event, id: 1 }), [400, 'malformed']],
    ['no type', JSON.stringify({ ...event, type: undefined }), [400, 'malformed']],
    ['no data', JSON.stringify({ ...event, data: undefined }), [400, 'malformed']],
    ['data that is a list', JSON.stringify({ ...event, data: [] }), [400, 'malformed']],
    ['no time', JSON.stringify({ ...event, timestamp: undefined }), [400, 'malformed']],
    ['everything behind a prototype', `{"__proto__":${body}}`, [400, 'malformed']],
    ['256 KiB and more', JSON.stringify({ ...event, data: { content: 'x'.repeat(256 * 1024) } }), [413, 'too_long']],
  ])('well signed, but %s', async (_, text, answer) => {
    const it = await receiving()
    expect(await it.post(text, { [signature]: sign(String(text), it.now()) })).toEqual(answer)
    expect([it.audience.mock.calls, it.ann.ids]).toEqual([[], []])
  })

  test('bytes that are no UTF-8', async () => {
    const it = await receiving()
    const bytes = new Uint8Array([0x7b, 0xff, 0x7d])
    const mac = createHmac('sha256', secret)
      .update(`${it.now() / 1000}.`)
      .update(bytes)
      .digest('hex')
    expect(await it.post(bytes, { [signature]: `t=${it.now() / 1000},v1=${mac}` })).toEqual([400, 'malformed'])
  })

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    const it = await receiving()
    const headers = { [signature]: sign(method === 'GET' ? '' : body, it.now()) }
    const init = { method, headers, ...(method !== 'GET' && { body }) }
    expect(await it.answered(new Request('https://gateway.test/webhooks/huechat', init))).toEqual([405, 'method'])
    expect(it.ann.ids).toEqual([])
  })

  test.each([
    '/webhooks/',
    '/webhooks/other',
    '/webhooks/huechat/',
    '/webhooks/HueChat',
    '/webhooks/__proto__',
    '/webhooks/constructor',
    '/huechat',
  ])('%s is no receiver', async (path) => {
    const it = await receiving()
    const headers = { [signature]: sign(body, it.now()) }
    expect(await it.answered(new Request(`https://gateway.test${path}`, { method: 'POST', headers, body }))).toEqual([404, 'not_allowed'])
  })
})

describe('the emulated provider’s own flaws', () => {
  async function listening() {
    const world = kit().world
    const huechat = createHuechat({ world: world.world, webhookRetries: 0, deliver: (request) => all.gateway.fetch(request) })
    let signing = ''
    const all = await receiving({ secret: () => signing }, { in: world })
    const response = await huechat.fetch(
      new Request('https://api.huechat.ai/v2/webhooks', {
        method: 'POST',
        headers: { authorization: `Bearer ${huechat.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: 'https://gateway.test/webhooks/huechat', events: ['message.received'] }),
      }),
    )
    signing = huechat.secrets().at(-1)!
    const rest = async () => {
      await huechat.idle()
      await world.settle()
      return huechat.deliveries.at(-1)!.outcome
    }
    return { ...all, huechat, rest, made: response.status }
  }

  test.each(['unsigned', 'wrong-secret', 'tampered', 'stale'] as const)('%s is 401', async (flaw) => {
    const it = await listening()
    expect([it.made, it.huechat.forgeWebhook(flaw), await it.rest()]).toEqual([201, 1, 401])
    expect([it.ann.ids, it.audience.mock.calls]).toEqual([[], []])
  })

  test('a replay is refused, a duplicate is taken, and neither is delivered; the next one is', async () => {
    const it = await listening()
    it.huechat.incoming('+1234567890', 'Hi')
    expect(await it.rest()).toBe(200)
    const id = it.huechat.deliveries[0]!.eventId
    it.huechat.replayWebhook(id)
    expect(await it.rest()).toBe(409)
    await it.world.advance(5_000)
    it.huechat.duplicateWebhook(id)
    expect(await it.rest()).toBe(200)
    await it.world.advance(400_000)
    it.huechat.replayWebhook(id)
    expect(await it.rest()).toBe(401)
    it.huechat.incoming('+1234567890', 'Again')
    await it.rest()
    const last = it.huechat.deliveries.at(-1)!.eventId
    // Ann's lease is over by now; she comes back with her cursor.
    const back = await it.greeted({ scope: '*' }, it.ann.cursor)
    expect([it.ann.ids, back.ids]).toEqual([[id], [id, last]])
  })
})

describe('delivered', () => {
  test('once, in order, to whom the audience names and nobody else', async () => {
    const audience: Audience = ({ data }) => data['to'] as string[]
    const it = await receiving({ audience })
    const say = (id: string, ...to: string[]) => it.tell({ ...event, id, data: { to } })
    expect([
      await say('e1', 'ann'),
      await say('e2', 'ann', 'bob', 'ann'),
      await say('e3'),
      await say('e4', 'carl'),
      await say('e5', 'bob'),
    ]).toEqual([
      [200, 'appended'],
      [200, 'appended'],
      [200, 'nobody'],
      [200, 'appended'],
      [200, 'appended'],
    ])
    expect([it.ann.ids, it.bob.ids]).toEqual([
      ['e1', 'e2'],
      ['e2', 'e5'],
    ])
    expect(it.ann.of('event')[0]!['event']).toEqual({ ...event, id: 'e1', data: { to: ['ann'] } })
  })

  test('an event as it was told, a field called __proto__ included or left out, and no prototype changed', async () => {
    const it = await receiving()
    const body = `{"id":"e1","type":"message.received","timestamp":1,"data":{"__proto__":{"admin":true},"constructor":1},"__proto__":{"admin":true},"more":[null]}`
    expect(await it.post(body, { [signature]: sign(body, it.now()) })).toEqual([200, 'appended'])
    const [seen] = it.audience.mock.calls[0] as [HueChatWebhook & { admin?: unknown; more?: unknown }]
    expect([seen.admin, seen.data['admin'], seen.more, ({} as { admin?: unknown }).admin]).toEqual([
      undefined,
      undefined,
      [null],
      undefined,
    ])
    expect(it.ann.ids).toEqual(['e1'])
  })

  test('only to leases with its scope', async () => {
    const it = await receiving()
    const conversations = await it.greeted({ scope: 'conversations:read' })
    const contacts = await it.greeted({ scope: 'contacts:read' })
    for (const type of ['message.received', 'conversation.opened', 'contact.created', 'organization.deleted', 'messages']) {
      await it.tell({ ...event, id: type, type })
    }
    expect([conversations.ids, contacts.ids, it.ann.ids.length]).toEqual([
      ['message.received', 'conversation.opened'],
      ['contact.created'],
      5,
    ])
  })

  test('signatures up to five minutes old or ahead', async () => {
    const it = await receiving()
    expect([await it.tell({ ...event, id: 'a' }, it.now() - 300_000), await it.tell({ ...event, id: 'b' }, it.now() + 300_000)]).toEqual([
      [200, 'appended'],
      [200, 'appended'],
    ])
  })

  test('with two secrets while the webhook’s is changed, with the new one only afterwards', async () => {
    let secrets: string[] = ['whsec_old', 'whsec_new']
    const it = await receiving({ secret: () => secrets })
    const tell = (id: string, key: string) => it.tell({ ...event, id }, it.now(), key)
    expect([await tell('e1', 'whsec_old'), await tell('e2', 'whsec_new'), await tell('e3', 'whsec_other')]).toEqual([
      [200, 'appended'],
      [200, 'appended'],
      [401, 'forged'],
    ])
    secrets = ['', 'whsec_new']
    expect([await tell('e4', 'whsec_old'), await tell('e5', ''), await tell('e6', 'whsec_new')]).toEqual([
      [401, 'forged'],
      [401, 'forged'],
      [200, 'appended'],
    ])
  })

  test('with a way of signing of the application’s own, repetitions are duplicates, not replays', async () => {
    const it = await receiving({ verify: (headers) => (headers.get('x-other') === 'right' ? it.now() / 1000 : null) })
    const say = (id: string, mark: string) => it.post(JSON.stringify({ ...event, id }), { 'x-other': mark })
    expect([await say('e1', 'right'), await say('e1', 'right'), await say('e2', 'wrong')]).toEqual([
      [200, 'appended'],
      [200, 'duplicate'],
      [401, 'forged'],
    ])
    expect(it.ann.ids).toEqual(['e1'])
  })
})

describe('what asks the provider to come again (503), told to the operator once, without the secret:', () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each<[string, Partial<HueChatWebhooksOptions>]>([
    [
      'an audience that throws',
      {
        audience: () => {
          throw new Error('the database is away')
        },
      },
    ],
    ['an audience that rejects', { audience: () => Promise.reject(new Error('the database is away')) }],
    ['an audience of more than 1,000', { audience: () => Array.from({ length: 1001 }, (_, i) => `user-${i}`) }],
    ['an audience that is a name and no list', { audience: (() => 'ann') as unknown as Audience }],
    ['an audience that says nothing', { audience: (() => undefined) as unknown as Audience }],
    ['a secret that cannot be read', { secret: () => Promise.reject(new Error('the vault is away')) }],
    ['no secret at all', { secret: () => undefined }],
    ['only empty secrets', { secret: () => ['', ''] }],
    ['a check that throws', { verify: () => Promise.reject(new Error('broken')) }],
  ])('%s', async (_, options) => {
    const it = await receiving(options)
    expect(await it.tell(event)).toEqual([503, 'unavailable'])
    expect([it.ann.ids, it.heard.length]).toEqual([[], 1])
    expect(String(it.heard[0])).not.toContain(secret)
  })

  test('a store that is away; and the same event, when it is back, is delivered once', async () => {
    const store = breakable(memoryStore())
    const it = await receiving({}, { store })
    store.away = true
    expect(await it.tell(event)).toEqual([503, 'unavailable'])
    store.away = false
    expect([await it.tell(event, it.now() + 1_000), await it.tell(event, it.now() + 2_000)]).toEqual([
      [200, 'appended'],
      [200, 'duplicate'],
    ])
  })

  test('the secret comes from the environment, at each use', async () => {
    const all = await receiving()
    const it = kit({ webhooks: { huechat: huechatWebhooks({ audience: () => ['ann'] }) }, in: all.world })
    const body = JSON.stringify(event)
    const ask = async () =>
      (
        await it.gateway.fetch(
          new Request('https://gateway.test/webhooks/huechat', { method: 'POST', body, headers: { [signature]: sign(body, it.now()) } }),
        )
      ).status
    vi.stubEnv('HUECHAT_WEBHOOK_SECRET', '')
    const without = await ask()
    vi.stubEnv('HUECHAT_WEBHOOK_SECRET', secret)
    expect([without, await ask()]).toEqual([503, 200])
  })
})

test('without an audience there is no receiver', () => {
  expect(() => huechatWebhooks({} as HueChatWebhooksOptions)).toThrow(TypeError)
})

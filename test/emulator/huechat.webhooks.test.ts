import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { eventTypes } from '../../src/emulator/huechat/records.ts'
import { type Arrival, hello, jane, kit, type Kit } from './huechat-kit.ts'

/** What a receiver does: written here on its own, from the docstring. */
function isSigned({ signature, text }: Pick<Arrival, 'signature' | 'text'>, secret: string, nowMs: number): boolean {
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? []
  if (seconds === undefined || Math.abs(nowMs / 1000 - Number(seconds)) > 300) return false
  return createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex') === mac
}

describe('registration', () => {
  test('the guide: create; the signing secret is shown once', async () => {
    const { ask } = kit()
    const about = { url: 'https://your-server.com/webhooks/huechat', events: ['message.received', 'conversation.created'] }
    const { status, body } = await ask('POST', '/v2/webhooks', { ...about, active: true })
    const shown = {
      id: expect.stringMatching(/^wh_/) as string,
      ...about,
      active: true,
      retry_policy: 'exponential',
      created_at: '2026-11-22T12:00:00Z',
      updated_at: '2026-11-22T12:00:00Z',
    }
    expect([status, body]).toEqual([201, { ...shown, signing_secret: expect.stringMatching(/^whsec_/) as string }])
    expect((await ask('GET', '/v2/webhooks')).body['data']).toEqual([shown])
    expect((await ask('GET', `/v2/webhook/${String(body['id'])}`)).body).toEqual(shown)
  })

  test('update and delete', async () => {
    const { ask, make } = kit()
    const id = await make('/v2/webhooks', { url: 'http://127.0.0.1:1/hook', events: ['message.sent'] })
    expect((await ask('PUT', `/v2/webhook/${id}`, { active: false, retry_policy: 'linear' })).body).toMatchObject({
      events: ['message.sent'],
      active: false,
      retry_policy: 'linear',
    })
    expect((await ask('PUT', `/v2/webhook/${id}`, { events: [] })).status).toBe(400)
    expect([(await ask('DELETE', `/v2/webhooks/${id}`)).status, (await ask('DELETE', `/v2/webhook/${id}`)).status]).toEqual([204, 404])
    expect((await ask('PUT', `/v2/webhook/${id}`, {})).status).toBe(404)
  })

  test.each([
    [{ url: 'ftp://receiver.example' }, 'url'],
    [{ url: 'here' }, 'url'],
    [{ events: [] }, 'events'],
    [{ events: 'message.sent' }, 'events'],
    [{ events: ['message.eaten'] }, 'events'],
    [{ active: 'yes' }, 'active'],
    [{ retry_policy: 'never' }, 'retry_policy'],
  ])('%j → 400', async (wrong, field) => {
    const { ask } = kit()
    const about = { url: 'https://receiver.example', events: ['message.sent'], ...wrong }
    expect(await ask('POST', '/v2/webhooks', about)).toMatchObject({ status: 400, body: { details: { field } } })
  })
})

/** Everything that a contact and a conversation can go through. */
async function live({ ask, make, huechat, later }: Kit): Promise<void> {
  const contact = await make('/v2/contact', jane)
  await later(0)
  const user = await make('/v2/admin/users', { email: 'sarah@example.com' })
  const { conversation_id: conversation } = huechat.incoming(contact, 'Hi')
  await later(0)
  const message = await make(`/v2/contact/${contact}/message`, hello)
  await later(1000)
  huechat.read(message)
  await ask('PUT', `/v2/conversation/${conversation}`, { labels: ['vip'] })
  await ask('POST', `/v2/conversation/${conversation}/assign`, { assigned_to: user })
  await ask('POST', `/v2/conversation/${conversation}/resolve`)
  await ask('POST', `/v2/conversation/${conversation}/resolve`)
  await later(0)
  await ask('PUT', `/v2/contact/${contact}`, { last_name: 'Doe' })
  await later(0)
  await ask('DELETE', `/v2/contact/${contact}`)
  await later(0)
}

describe('events', () => {
  test('every documented type, each caused by what it says, once', async () => {
    const all = kit()
    await all.listen(eventTypes)
    await live(all)
    expect(all.arrivals.map(({ type }) => type)).toEqual([
      'contact.created',
      'conversation.created',
      'message.received',
      'message.sent',
      'message.delivered',
      'message.read',
      'conversation.updated',
      'conversation.assigned',
      'conversation.resolved',
      'contact.updated',
      'contact.deleted',
    ])
    expect(new Set(all.arrivals.map(({ type }) => type))).toEqual(new Set(eventTypes))
    expect(all.huechat.counts).toMatchObject({ delivered: 11, givenUp: 0, received: 1, sent: 1 })
  })

  test('the payload', async () => {
    const { listen, huechat, later, arrivals } = kit({ organizationId: 'org_7' })
    await listen(['message.received'])
    const message = huechat.incoming('+1234567890', 'Where is my order?')
    await later(0)
    expect(arrivals.map(({ body }) => body)).toEqual([
      {
        id: expect.stringMatching(/^evt_/) as string,
        type: 'message.received',
        timestamp: '2026-11-22T12:00:00Z',
        retry_count: 0,
        data: message,
        organization_id: 'org_7',
      },
    ])
    expect(message).toMatchObject({ content: 'Where is my order?', channel: 'whatsapp', sent_by: 'contact' })
  })

  test('a new address becomes a contact first; an unknown id is a mistake', async () => {
    const { listen, huechat, later, arrivals } = kit()
    await listen(['contact.created', 'conversation.created', 'message.received'])
    huechat.incoming('new@example.com', 'Hi', 'email')
    huechat.incoming('new@example.com', 'Still here', 'email')
    await later(0)
    expect(arrivals.map(({ type }) => type).sort()).toEqual([
      'contact.created',
      'conversation.created',
      'message.received',
      'message.received',
    ])
    expect(() => huechat.incoming('cnt_nobody', 'Hi')).toThrow(TypeError)
  })

  test('only the types that were asked for, and only while active', async () => {
    const { listen, ask, make, later, arrivals } = kit()
    await listen(['contact.deleted'])
    const off = await make('/v2/webhooks', { url: 'https://receiver.example', events: ['contact.created'], active: false })
    const contact = await make('/v2/contact', jane)
    await later(0)
    expect(arrivals).toEqual([])
    await ask('PUT', `/v2/webhook/${off}`, { active: true })
    await ask('DELETE', `/v2/contact/${contact}`)
    await later(0)
    expect(arrivals.map(({ type }) => type)).toEqual(['contact.deleted'])
  })

  test('the sandbox mirrors production', async () => {
    const all = kit({ environment: 'sandbox' })
    await all.listen(eventTypes)
    await live(all)
    expect(all.arrivals.map(({ type }) => type).sort()).toEqual([...eventTypes].sort())
    expect(all.huechat.counts).toMatchObject({ sent: 0, simulated: 1 })
  })
})

describe('retries', () => {
  test.each([
    ['exponential', [0, 5, 15, 35, 75, 155]],
    ['linear', [0, 5, 15, 30, 50, 75]],
  ])('%s: the same event, retry_count grows, and an end', async (policy, seconds) => {
    const all = kit()
    const { listen, huechat, later, arrivals, world } = all
    const secret = await listen(['message.received'], { retry_policy: policy })
    all.receiver = 500
    const start = world.now()
    huechat.incoming('+1234567890', 'Hi')
    for (let second = 0; second < 200; second++) {
      await later(second === 0 ? 0 : 1000)
      const last = arrivals.at(-1)
      expect(last && isSigned(last, secret, world.now())).toBe(true)
    }
    expect(huechat.deliveries.map(({ at }) => (at - start) / 1000)).toEqual(seconds)
    expect(arrivals.map(({ retry_count }) => retry_count)).toEqual([0, 1, 2, 3, 4, 5])
    expect(new Set(arrivals.map(({ id }) => id)).size).toBe(1)
    expect(huechat.counts).toMatchObject({ delivered: 0, givenUp: 1 })
  })

  test.each([
    [204, 204],
    [302, 302],
    [400, 400],
    [503, 503],
    [0, 'unreachable'],
  ])('a receiver that answers %s', async (receiver, outcome) => {
    const all = kit()
    await all.listen(['message.received'])
    all.receiver = receiver
    all.huechat.incoming('+1234567890', 'Hi')
    await all.later(0)
    expect(all.huechat.deliveries).toMatchObject([{ outcome, kind: 'event', retryCount: 0 }])
    all.receiver = 200
    await all.later(5000)
    expect(all.arrivals).toHaveLength(receiver === 204 ? 1 : 2)
    expect(all.huechat.counts).toMatchObject({ delivered: 1, givenUp: 0 })
  })

  test('a receiver that says nothing has 10 s, and its late word changes nothing', async () => {
    const late: ((response: Response) => void)[] = []
    const requests: Request[] = []
    const deliver = (request: Request) => {
      requests.push(request)
      return new Promise<Response>((resolve) => void late.push(resolve))
    }
    const { listen, huechat, world } = kit({ deliver, webhookRetries: 0 })
    await listen(['message.received'])
    huechat.incoming('+1234567890', 'Hi')
    await world.pass(0)
    await expect.poll(() => requests.length).toBe(1)
    await world.pass(9999)
    expect(huechat.deliveries).toMatchObject([{ outcome: 'pending' }])
    await world.pass(1)
    await huechat.idle()
    expect(requests[0]?.signal.aborted).toBe(true)
    late[0]?.(new Response())
    await world.pass(0)
    expect(huechat.deliveries).toMatchObject([{ outcome: 'silence' }])
    expect([huechat.counts.givenUp, huechat.counts.delivered, world.timers]).toEqual([1, 0, 0])
  })

  test('a webhook that was deleted or switched off gets no further attempt', async () => {
    const all = kit()
    const { listen, ask, huechat, later } = all
    await listen(['message.received'])
    await listen(['message.received'])
    const [first, second] = (await ask('GET', '/v2/webhooks')).body['data'] as { id: string }[]
    all.receiver = 500
    huechat.incoming('+1234567890', 'Hi')
    await later(0)
    await ask('DELETE', `/v2/webhook/${first?.id}`)
    await ask('PUT', `/v2/webhook/${second?.id}`, { active: false })
    await later(5000)
    expect(all.arrivals).toHaveLength(2)
  })
})

describe('what a receiver must withstand', () => {
  async function listening() {
    const all = kit()
    const secret = await all.listen(['message.received'])
    const said = async (text: string) => {
      all.huechat.incoming('+1234567890', text)
      await all.later(0)
      return all.arrivals.at(-1)?.id ?? ''
    }
    const good = (arrival: Arrival | undefined) => arrival !== undefined && isSigned(arrival, secret, all.world.now())
    return { ...all, said, good }
  }

  test.each(['unsigned', 'wrong-secret', 'tampered', 'stale'] as const)('forged: %s', async (flaw) => {
    const { huechat, arrivals, later, good, said } = await listening()
    await said('Hi')
    expect(good(arrivals[0])).toBe(true)
    expect(huechat.forgeWebhook(flaw)).toBe(1)
    await later(0)
    expect(arrivals).toHaveLength(2)
    expect(good(arrivals[1])).toBe(false)
    expect(huechat.deliveries[1]).toMatchObject({ kind: 'forged', type: 'message.received' })
  })

  test('stale is well signed, an hour ago', async () => {
    const { huechat, arrivals, later, world } = await listening()
    huechat.forgeWebhook('stale')
    await later(0)
    const [secret = ''] = huechat.secrets().slice(-1)
    expect(arrivals[0] && isSigned(arrivals[0], secret, world.now() - 3_600_000)).toBe(true)
  })

  test('replayed: the same bytes and signature; duplicated: the same event, signed anew', async () => {
    const { huechat, arrivals, later, said, good } = await listening()
    const id = await said('Hi')
    await later(600_000)
    expect([huechat.replayWebhook(id), huechat.duplicateWebhook(id)]).toEqual([1, 1])
    await later(0)
    const of = (kind: string) => huechat.deliveries.find((delivery) => delivery.kind === kind)
    expect([of('replay'), of('duplicate')]).toMatchObject([{ eventId: id }, { eventId: id }])
    const [first, ...again] = arrivals
    expect(again.map(({ text }) => text)).toEqual([first?.text, first?.text])
    const old = again.filter(({ signature }) => signature === first?.signature)
    expect([old.map(good), again.filter((arrival) => !old.includes(arrival)).map(good)]).toEqual([[false], [true]])
    expect([huechat.replayWebhook('evt_nobody'), huechat.duplicateWebhook('evt_nobody')]).toEqual([0, 0])
  })

  test.each([
    ['as-held', ['1', '2', '3']],
    ['reversed', ['3', '2', '1']],
  ] as const)('held back, and released %s', async (order, texts) => {
    const { huechat, arrivals, said, later } = await listening()
    huechat.holdWebhooks()
    for (const text of ['1', '2', '3']) await said(text)
    expect(arrivals).toEqual([])
    huechat.releaseWebhooks(order)
    await later(0)
    expect(arrivals.map(({ body }) => (body['data'] as { content: string }).content)).toEqual(texts)
    await said('4')
    expect(arrivals).toHaveLength(4)
  })

  test('an event of a type that nobody knows goes to nobody; any other as it is told', async () => {
    const { huechat, arrivals, later } = await listening()
    huechat.sendEvent('message.eaten', {})
    const id = huechat.sendEvent('message.received', { anything: true })
    await later(0)
    expect(arrivals.map(({ id: seen, body }) => [seen, body['data']])).toEqual([[id, { anything: true }]])
  })

  test('secrets are in no delivery', async () => {
    const { huechat, arrivals, said } = await listening()
    await said('Hi')
    const seen = JSON.stringify([arrivals, huechat.deliveries])
    for (const secret of huechat.secrets()) expect(seen).not.toContain(secret)
  })
})

import { describe, expect, test } from 'vitest'
import { hello, jane, kit } from './huechat-kit.ts'

const now = '2026-11-22T12:00:00Z'

describe('conversations', () => {
  async function two() {
    const all = kit()
    const { make, ask, huechat, world } = all
    const contact = await make('/v2/contact', jane)
    const user = await make('/v2/admin/users', { email: 'sarah@example.com', name: 'Sarah Johnson' })
    const wanted = huechat.incoming(contact, 'I want a refund').conversation_id
    await world.pass(1000)
    await ask('POST', `/v2/contact/${contact}/message`, { ...hello, channel: 'sms' })
    const ids = async (query: string) => {
      const { data } = (await ask('GET', `/v2/conversations?${query}`)).body as { data: { id: string; channel: string }[] }
      return data.map(({ channel }) => channel)
    }
    return { ...all, contact, user, wanted, ids }
  }

  test('a conversation as the guide shows it, by its singular and its plural address', async () => {
    const { ask, wanted, contact } = await two()
    const shown = {
      id: wanted,
      contact_id: contact,
      contact: { id: contact, full_name: 'Jane Smith', phone: jane.phone },
      channel: 'whatsapp',
      subject: null,
      status: 'open',
      priority: 'normal',
      assigned_to: null,
      labels: [],
      message_count: 1,
      unread_count: 1,
      created_at: now,
      last_message_at: now,
      last_message_preview: 'I want a refund',
    }
    expect((await ask('GET', `/v2/conversation/${wanted}`)).body).toEqual(shown)
    expect((await ask('GET', `/v2/conversations/${wanted}`)).body).toEqual(shown)
    expect((await ask('GET', '/v2/conversation/conv_nobody')).status).toBe(404)
  })

  test('filters and order', async () => {
    const { ask, ids, wanted, user } = await two()
    await ask('PUT', `/v2/conversation/${wanted}`, { labels: ['billing', 'urgent'], subject: 'Order inquiry', priority: 'high' })
    await ask('POST', `/v2/conversation/${wanted}/assign`, { assigned_to: user })
    const seen = await Promise.all(
      [
        '',
        'status=all',
        'status=closed',
        'channel=sms',
        `assigned_to=${user}`,
        'assigned_to=none',
        'label=urgent',
        'label=other',
        'search=REFUND',
        'search=inquiry',
        'sort=created_at:asc',
        'sort=created_at:desc',
        'status=open&limit=1',
      ].map(ids),
    )
    expect(seen).toEqual([
      ['sms', 'whatsapp'],
      ['sms', 'whatsapp'],
      [],
      ['sms'],
      ['whatsapp'],
      ['sms'],
      ['whatsapp'],
      [],
      ['whatsapp'],
      ['whatsapp'],
      ['whatsapp', 'sms'],
      ['sms', 'whatsapp'],
      ['sms'],
    ])
    expect((await ask('GET', '/v2/conversations?sort=name')).status).toBe(400)
  })

  test('of two from the same second, the later one is the newer', async () => {
    const { huechat, ask } = kit()
    for (const [contact, channel] of [
      ['+1234567890', 'sms'],
      ['+1234567891', 'email'],
    ] as const)
      huechat.incoming(contact, 'Hi', channel)
    expect((await ask('GET', '/v2/conversations')).body['data']).toMatchObject([{ channel: 'email' }, { channel: 'sms' }])
  })

  test('sending into it reads what the contact wrote; resolving closes it, and the next message begins another', async () => {
    const { ask, wanted, contact, ids, huechat } = await two()
    expect((await ask('POST', `/v2/conversation/${wanted}/message`, { content: 'At once' })).status).toBe(201)
    expect((await ask('GET', `/v2/conversation/${wanted}`)).body).toMatchObject({ message_count: 2, unread_count: 0 })
    expect((await ask('POST', `/v2/conversations/${wanted}/resolve`)).body).toMatchObject({ id: wanted, status: 'closed' })
    expect((await ask('POST', `/v2/conversation/${wanted}/message`, { content: 'One more' })).body).toMatchObject({
      error: 'conflict',
      code: 409,
    })
    expect(await ids('status=closed')).toEqual(['whatsapp'])
    expect(huechat.incoming(contact, 'Thanks').conversation_id).not.toBe(wanted)
  })

  test('assigning, and taking away', async () => {
    const { ask, wanted, user } = await two()
    const assign = (to: unknown) => ask('POST', `/v2/conversation/${wanted}/assign`, { assigned_to: to })
    expect((await assign(user)).body['assigned_to']).toEqual({ id: user, name: 'Sarah Johnson' })
    expect((await assign(null)).body['assigned_to']).toBeNull()
    expect((await assign('usr_nobody')).status).toBe(422)
    expect((await ask('PUT', `/v2/conversation/${wanted}`, { status: 'gone' })).status).toBe(400)
    expect((await ask('PUT', `/v2/conversation/${wanted}`, { labels: 'billing' })).status).toBe(400)
  })
})

describe('channels', () => {
  test('view, disconnect, connect', async () => {
    const { ask, make } = kit({ channels: ['whatsapp'] })
    const [first] = (await ask('GET', '/v2/channels')).body['data'] as { id: string; type: string; status: string }[]
    expect(first).toMatchObject({ type: 'whatsapp', status: 'connected' })
    expect((await ask('POST', '/v2/channel', { type: 'whatsapp' })).status).toBe(409)
    expect((await ask('POST', '/v2/channel', { type: 'fax' })).status).toBe(400)
    expect((await ask('DELETE', `/v2/channel/${first?.id}`)).status).toBe(204)
    expect((await ask('DELETE', `/v2/channel/${first?.id}`)).status).toBe(404)
    await make('/v2/channels', { type: 'whatsapp', name: 'Support line' })
    expect((await ask('GET', '/v2/channel')).body['data']).toMatchObject([{ name: 'Support line' }])
  })

  test('the free tier has two', async () => {
    const { ask, make } = kit({ plan: 'free', channels: [] })
    await make('/v2/channels', { type: 'sms' })
    await make('/v2/channels', { type: 'email' })
    expect((await ask('POST', '/v2/channels', { type: 'whatsapp' })).body).toMatchObject({ error: 'forbidden', code: 403 })
  })
})

test('admin: users, analytics, settings', async () => {
  const { ask, make, huechat } = kit()
  const id = await make('/v2/admin/users', { email: 'sarah@example.com' })
  expect((await ask('POST', '/v2/admin/users', { email: 'sarah@example.com' })).status).toBe(409)
  expect((await ask('POST', '/v2/admin/users', {})).status).toBe(400)
  expect((await ask('GET', '/v2/admin/users')).body['data']).toEqual([
    { id, name: 'sarah@example.com', email: 'sarah@example.com', role: 'agent' },
  ])
  expect([(await ask('DELETE', `/v2/admin/user/${id}`)).status, (await ask('DELETE', `/v2/admin/user/${id}`)).status]).toEqual([204, 404])
  huechat.incoming('+1234567890', 'Hi')
  const seen = { contacts: 1, conversations: { total: 1, open: 1 }, messages: { sent: 0, received: 1 } }
  expect((await ask('GET', '/v2/admin/analytics')).body).toEqual(seen)
  await ask('PUT', '/v2/admin/settings', { timezone: 'UTC' })
  expect((await ask('GET', '/v2/admin/settings')).body).toEqual({ timezone: 'UTC' })
})

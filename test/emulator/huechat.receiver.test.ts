import { describe, expect, test } from 'vitest'
import { type Arrival, isSigned, kit } from './huechat-kit.ts'

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

/** What goes over a socket that works, and frames that are no frames. */
import { expect, test } from 'vitest'
import { brokenFrames, startRaw, textFrame } from './raw.ts'
import { eventually, inEachEngine } from './stage.ts'

inEachEngine((stage) => {
  test('1,000 texts and binary frames come back in order', async () => {
    await stage.open()
    expect(await stage.read('page.exchange(1000)')).toBe(true)
  })

  test('T12 frames that are no messages: a notice, and the socket stays', async () => {
    const { faults, peers } = stage.server
    await stage.open()
    const bad = ['no json', '', '{"half":', '['.repeat(100_000), 'undefined', '\u0000']
    const good = ['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '"text"', 'null']
    for (const frame of [...bad, ...good]) peers[0]!.send(frame)
    peers[0]!.send(new Uint8Array(70_000))
    peers[0]!.send('{"is":"last"}')
    await stage.until('page.messages.at(-1)?.is', 'last')
    expect(await stage.read('page.notices.map(({ name }) => name)')).toEqual(bad.map(() => 'bad-frame'))
    expect(await stage.read('page.messages.length')).toBe(1 + good.length + 2)
    expect(await stage.read('[({}).polluted, page.complaints, page.session.status.name]')).toEqual([null, [], 'connected'])
    expect(faults.upgrades).toBe(1)
  })

  test('T12 bytes that are no frames: the engine closes, and the session comes back', async ({ task, onTestFinished }) => {
    const raw = await startRaw()
    onTestFinished(() => raw.close())
    await stage.open({ pace: 10, port: raw.port })
    const taken: string[] = []
    for (const [name, bytes] of Object.entries(brokenFrames)) {
      const links = raw.upgrades
      raw.write(bytes)
      // An engine that takes the bytes for a frame shows the message behind them.
      raw.write(textFrame('{"is":"behind"}'))
      await stage.until('page.session.status.name', 'connected')
      await eventually(async () => raw.upgrades > links || (await stage.read("page.messages.some(({ is }) => is === 'behind')"))).toBe(true)
      if (raw.upgrades === links) taken.push(name)
      await stage.read('page.messages.splice(0)')
      await stage.until('page.session.status.name', 'connected')
    }
    expect(await stage.read('page.complaints')).toEqual([])
    expect(stage.server.mints).toHaveLength(1)
    task.meta.measured = `codes ${[...new Set(await stage.read<number[]>('page.codes()'))].join()}`
  })
})

import { describe, expect, expectTypeOf, test } from 'vitest'
import { bitHumanLiveKit } from '../../src/presets/bithuman.ts'
import type { BitHumanLiveKitOptions } from '../../src/presets/bithuman.ts'
import type { Preset } from '../../src/presets/preset.ts'

const url = 'wss://demo.livekit.cloud/rtc'
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'

describe('bitHumanLiveKit', () => {
  const preset = bitHumanLiveKit({ url })

  test('a ticket of one participant in access_token', () => {
    expect(preset.token).toEqual({
      kind: 'ticket',
      scope: 'session',
      use: 'multi',
      placement: { in: 'query', name: 'access_token' },
      lifetimeMs: 600_000,
    })
    expect([Object.isFrozen(preset), preset.continuity, preset.heartbeat]).toEqual([true, undefined, undefined])
  })

  test.each([
    [url, 'https://demo.livekit.cloud/rtc/validate'],
    ['ws://localhost:7880/rtc', 'http://localhost:7880/rtc/validate'],
    ['wss://demo.livekit.cloud/rtc?auto_subscribe=1&sdk=js', 'https://demo.livekit.cloud/rtc/validate?auto_subscribe=1&sdk=js'],
    ['wss://demo.livekit.cloud/rtc/v1?join_request=CgA', 'https://demo.livekit.cloud/rtc/v1/validate?join_request=CgA'],
    ['wss://proxy.example/rooms/rtc', 'https://proxy.example/rooms/rtc/validate'],
  ])('%s is validated at %s', (url, validate) => {
    const preset = bitHumanLiveKit({ url })
    expect([preset.url?.({ attempt: 2, continuity: undefined }), preset.verify]).toEqual([url, { url: validate }])
  })

  test('is ready when open, because LiveKit opens it for whom it has let in', () => {
    expect([preset.ready, preset.control, preset.liveness]).toEqual(['open', undefined, undefined])
  })

  test('text is no frame of it, and nothing is kept for the next room', () => {
    expect(preset.messages?.envelope?.({ type: 'join' })).toBe(false)
    expect(preset.messages?.stale?.(Uint8Array.of(0x70, 1))).toBe(true)
    expectTypeOf(preset).toEqualTypeOf<Preset<ArrayBuffer, never>>()
  })

  test('close codes are dialled again unless told otherwise', () => {
    const closeCodes = [{ from: 1000, to: 1000, then: 'stop' }] as const
    expect([preset.closeCodes, bitHumanLiveKit({ url, closeCodes }).closeCodes]).toEqual([[], closeCodes])
  })

  test.each<[object, RegExp]>([
    [{}, /url must be an absolute address/],
    [{ url: 'https://demo.livekit.cloud/rtc' }, /url must begin with wss/],
    [{ url: 'ws://demo.livekit.cloud/rtc' }, /over ws:\/\//],
    [{ url: 'wss://demo.livekit.cloud' }, /ends in \/rtc/],
    [{ url: 'wss://demo.livekit.cloud/rtc/validate' }, /ends in \/rtc/],
    [{ url: 'wss://demo.livekit.cloud/nortc' }, /ends in \/rtc/],
    [{ url: `wss://demo.livekit.cloud/rtc?access_token=${jwt}` }, /must not contain a credential/],
  ])('bitHumanLiveKit(%j) is refused at once', (options, wrong) => {
    const attempt = () => bitHumanLiveKit(options as BitHumanLiveKitOptions)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(wrong)
    expect(attempt).not.toThrow(/eyJ/)
  })
})

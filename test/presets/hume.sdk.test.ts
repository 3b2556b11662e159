import { empathicVoice, tts } from 'hume/serialization'
import { describe, expect, test } from 'vitest'
import { eviInbound, eviOutbound, ttsInbound, ttsOutbound } from './hume.samples.ts'

/** The golden samples are ours; Hume's own SDK says whether they are Hume's. */
const strict = { unrecognizedObjectKeys: 'fail', skipValidation: false } as const

describe('the official SDK reads the golden samples', () => {
  test.each(Object.entries(eviInbound))('EVI inbound: %s', (_name, sample) => {
    expect(empathicVoice.SubscribeEvent.parse(sample, strict)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(eviOutbound))('EVI outbound: %s', (_name, sample) => {
    expect(empathicVoice.chat.PublishEvent.parse(sample, strict)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(ttsInbound))('TTS inbound: %s', (_name, sample) => {
    expect(tts.TtsOutput.parse(sample, strict)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(ttsOutbound))('TTS outbound: %s', (_name, sample) => {
    expect(tts.PublishTts.parse(sample, strict)).toMatchObject({ ok: true })
  })
})

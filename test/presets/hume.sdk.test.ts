import { empathicVoice, tts } from 'hume/serialization'
import { describe, expect, test } from 'vitest'
import { eviInbound, eviOutbound, ttsInbound, ttsOutbound } from './hume.samples.ts'

/** The golden samples are ours; Hume's own SDK says whether they are Hume's. */
const strict = { unrecognizedObjectKeys: 'fail', skipValidation: false } as const

describe('the official SDK reads the golden samples', () => {
  test.each(Object.entries(eviInbound))('EVI inbound: %s', async (_name, sample) => {
    expect(await empathicVoice.SubscribeEvent.parse(sample, strict)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(eviOutbound))('EVI outbound: %s', async (_name, sample) => {
    expect(await empathicVoice.chat.PublishEvent.parse(sample, strict)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(ttsInbound))('TTS inbound: %s', async (_name, sample) => {
    expect(await tts.TtsOutput.parse(sample, strict)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(ttsOutbound))('TTS outbound: %s', async (_name, sample) => {
    expect(await tts.PublishTts.parse(sample, strict)).toMatchObject({ ok: true })
  })
})

import { expect, expectTypeOf, test } from 'vitest'
import { createHume } from '../../src/emulator/hume.ts'
import { humeExpressionMeasurement } from '../../src/presets/hume.ts'

test('Expression Measurement from a page is a mistake that says why and what to do', () => {
  expect(humeExpressionMeasurement).toThrow(TypeError)
  for (const said of [
    'wss://api.hume.ai/v0/stream/models',
    'wss://api.cloud.hume.ai/v1/expression/audio/realtime',
    'a header of the handshake, which a browser cannot set',
    'only a long-lived API key',
    'on your backend with the header X-Hume-Api-Key',
    'relay the results',
    'https://dev.hume.ai/expression-measurement/docs/authentication',
    'https://dev.hume.ai/docs/introduction/api-key',
  ]) {
    expect(humeExpressionMeasurement).toThrow(said)
  }
  expectTypeOf(humeExpressionMeasurement).returns.toBeNever()
})

test('and is right: of what a page can send, nothing opens either socket but a key', async () => {
  const hume = createHume()
  const pair = hume.installed[0]
  if (!pair) throw new Error('no key')
  const exchanged = await hume.fetch(
    new Request('https://api.hume.ai/oauth2-cc/token', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${pair.apiKey}:${pair.secretKey}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    }),
  )
  const { access_token } = (await exchanged.json()) as { access_token: string }
  const dial = async (path: string) => {
    const outcome = await hume.upgrade({ url: new URL(`wss://api.hume.ai${path}`), headers: new Headers(), protocols: [] })
    return 'open' in outcome ? 'open' : outcome.status
  }
  expect(await dial(`/v0/stream/models?access_token=${access_token}`)).toBe(401)
  expect(await dial(`/v1/expression/audio/realtime?access_token=${access_token}`)).toBe(401)
  expect(await dial(`/v1/expression/video/realtime?api_key=${pair.apiKey}`)).toBe(401)
  expect(await dial(`/v0/stream/models?api_key=${pair.apiKey}`)).toBe('open')
})

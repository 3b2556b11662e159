/** What docs/presets.md shows of bitHuman, as code that compiles: each example stands here word for word. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSession } from '../../src/index.ts'
import { bitHumanLiveKit } from '../../src/presets/bithuman.ts'

function room() {
  const session = createSession({
    preset: bitHumanLiveKit({ url: 'wss://demo.livekit.cloud/rtc' }),
    tokenSource: '/api/room-token',
  })
  return session
}

function realtime() {
  const session = createSession({
    url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-mini',
    use: 'single',
    placement: { in: 'subprotocol', protocols: (token) => ['realtime', `openai-insecure-api-key.${token}`] },
    tokenSource: '/api/realtime-token',
  })
  return session
}

const docs = readFileSync('docs/presets.md', 'utf8')
const here = readFileSync(import.meta.filename, 'utf8')

test.each(['A LiveKit room', "A client secret for OpenAI's Realtime socket"])('%s', (heading) => {
  const section = docs.split(`### ${heading}\n`)[1]?.split('\n### ')[0]
  const example = /```ts\n([\s\S]*?)\n```/.exec(section ?? '')?.[1]
  expect(example).toBeDefined()
  expect(here).toContain(example?.replace(/^/gm, '  '))
})

test('and does nothing before it is told to', () => {
  expect([room(), realtime()].map(({ status }) => status.name)).toEqual(['idle', 'idle'])
})

/** What docs/presets.md says of the presets for providers that give a page little: the table by their traits, the examples word for word. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createSession, fetchWith } from '../../src/index.ts'
import type { Preset } from '../../src/index.ts'
import { agentHuman, agentHumanUser } from '../../src/presets/agenthuman.ts'
import { gateway } from '../../src/presets/gateway.ts'
import { hueChat, readForwarded } from '../../src/presets/huechat.ts'
import { hueChatSchemas } from '../../src/presets/huechat.schemas.ts'

interface Told {
  readonly id: string
}
type Said = string
const show = (_what: unknown): void => {}

function ownGateway() {
  const session = createSession<Told, Said>({
    preset: gateway<Told, Said>({ url: 'wss://realtime.example.com/socket' }),
    tokenSource: '/api/token',
  })
  return [session]
}

async function chat() {
  const session = createSession({
    preset: hueChat({ url: 'wss://realtime.example.com/socket', schemas: hueChatSchemas }),
    tokenSource: '/api/token',
  })
  session.on('message', (event) => {
    if (event.type === 'message.received') show(event.data)
  })
  const answer = await readForwarded(await fetchWith(session, '/v2/contacts'))
  if (answer.ok) show(answer.body)
  else show(`${answer.code}: ${answer.message}`)
  if (answer.rate) show(`${answer.rate.remaining} of ${answer.rate.limit} calls left`)
}

async function two() {
  const talk = createSession({ preset: agentHuman(), tokenSource: '/api/agenthuman/session' })
  const user = createSession({ preset: agentHumanUser(), tokenSource: '/api/agenthuman/user' })
  const agents = await fetchWith(user, '/v1/agents')
  return [talk, agents]
}

const docs = readFileSync('docs/presets.md', 'utf8')
const here = readFileSync(import.meta.filename, 'utf8')

test.each<[string, () => unknown]>([
  ['## A gateway of your own', ownGateway],
  ['## HueChat', chat],
  ['### Two token sources', two],
])('the example under "%s" is code that compiles', (heading, code) => {
  const example = /```ts\n([\s\S]*?)\n```/.exec(docs.split(`${heading}\n`)[1] ?? '')?.[1]
  expect(example).toBeDefined()
  expect(here).toContain(example?.replace(/^/gm, '  '))
  expect(code).toBeTypeOf('function')
})

/** The table's cells, by row and column. */
const table = (docs.split('Four more are for')[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(0, 16)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
const cell = (row: string, column: number): string => table.find(([name]) => name === row)?.[column + 1] ?? ''
const url = 'wss://realtime.example.com/socket'
const minutes = (text: string): number =>
  Number.parseInt(text, 10) * (text.endsWith('h') ? 3_600_000 : text.includes(' s') ? 1_000 : 60_000)

const presets: readonly Preset<never, never>[] = [gateway({ url }), hueChat({ url }), agentHuman(), agentHumanUser()] as never[]

describe.each(presets.map((preset, column) => [preset.name, preset, column] as const))('the table about %s', (_name, preset, column) => {
  const { token, heartbeat, continuity, rest, release } = preset

  test('says its token: kind, use, place, scope, life', () => {
    expect(token.kind).toBe('lease')
    expect(cell('token', column).includes('single-use')).toBe(token.use === 'single')
    expect(cell('where it goes', column).includes('the first frame')).toBe(token.placement?.in === 'first-frame')
    expect(cell('scope', column)).toBe(token.scope)
    expect(minutes(cell('life, if the endpoint does not say', column))).toBe(token.lifetimeMs)
  })

  test('says its socket, beat, continuity, REST and farewell', () => {
    expect(cell('socket', column) === 'none').toBe(preset.url === undefined)
    expect(cell('beat', column) === 'none').toBe(heartbeat === undefined)
    expect(heartbeat === undefined || minutes(cell('beat', column)) === heartbeat.intervalMs).toBe(true)
    expect(cell('beat', column).includes('shown in a frame')).toBe(heartbeat?.show !== undefined)
    expect({ cursor: 'a cursor', replace: 'replaced', query: '?', none: '?', '': '–' }[continuity?.kind ?? '']).toBe(
      cell('continuity', column).split(':')[0],
    )
    expect(cell('REST with Bearer', column) === '–').toBe(rest === undefined)
    expect(cell('told on `close()`', column)).toBe(release === true ? 'yes' : 'no')
    expect(preset.heartbeat?.graceMs).toBeUndefined()
  })
})

test('the lease may go into the address, and REST elsewhere', () => {
  const { token, rest } = hueChat({ url, lease: 'query', rest: 'https://api.example.com/huechat' })
  expect([token.placement, rest]).toEqual([{ in: 'query', name: 'access_token' }, ['https://api.example.com/huechat']])
  expect(gateway({ url }).rest).toEqual(['https://realtime.example.com'])
})

/** Frames through a whole session: socket, conversation, preset, core and listeners. */
import { createSession, definePreset } from '../../src/index.ts'
import type { Preset, Session } from '../../src/index.ts'
import { agentHuman } from '../../src/presets/agenthuman.ts'
import { gateway } from '../../src/presets/gateway.ts'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'
import { humeEviSchemas, humeTtsSchemas } from '../../src/presets/hume.schemas.ts'
import { FastWorld, settle, type FastSocket } from '../commands/world.ts'
import type { Random } from '../simulation/random.ts'
import { bytes, mark, samples, text } from './inputs.ts'

const plain = definePreset<unknown, unknown>({
  name: 'plain',
  docs: '',
  url: () => 'wss://x.test/',
  token: { kind: 'ticket' },
  liveness: { idleMs: 20_000, probe: () => ({ type: 'ping' }) },
})

export const presets: readonly Preset<never, never>[] = [
  plain,
  gateway({ url: 'wss://x.test/socket' }),
  gateway({ url: 'wss://x.test/socket', lease: 'query' }),
  humeEvi({ configId: '1' }),
  humeEvi({ configId: '1', schemas: humeEviSchemas }),
  humeTts({ schemas: humeTtsSchemas }),
  agentHuman(),
] as never

/** No server may send a client away for longer. */
const dayMs = 86_400_000

export class Target {
  readonly world = new FastWorld()
  readonly session: Session<never, never>
  readonly told: unknown[] = []
  #minted = 0

  constructor(preset: Preset<never, never>) {
    const { world } = this
    world.asked = (ask) =>
      ask.answer({
        access_token: preset.name === 'agenthuman' ? `wss://x.test/${mark}.${this.#minted++}` : `${mark}.${this.#minted++}`,
        expires_in: 3_600,
      })
    this.session = createSession({ preset, tokenSource: world.tokenSource, host: world.host })
    for (const name of ['status', 'notice'] as const) this.session.on(name, (thing: unknown) => this.told.push(thing))
  }

  /** A socket that is open; by as much patience as it takes. Null: the session will never have one again. */
  async socket(): Promise<FastSocket | null> {
    for (let tries = 0; tries < 40; tries++) {
      const { name } = this.session.status
      if (name === 'idle' || name === 'failed' || name === 'closed') void this.session.connect()
      await settle()
      const live = this.world.live[0]
      if (live?.readyState === 1) return live
      if (live) live.open()
      else if (!this.world.fire(this.world.now + dayMs)) return null
      await settle()
    }
    return null
  }

  async end(): Promise<void> {
    void this.session.close()
    await settle()
    while (this.world.fire(Infinity)) await settle()
  }
}

const perSession = 100

/** So many frames, over sessions of every preset; answers what was wrong. */
export async function fuzzSessions(count: number, random: Random): Promise<string[]> {
  const wrong: string[] = []
  for (let done = 0; done < count && wrong.length < 5; done += perSession) {
    const preset = random.one(presets)
    const target = new Target(preset)
    const said: unknown[] = []
    for (let frame = 0; frame < perSession; frame++) {
      const socket = await target.socket()
      if (!socket) {
        wrong.push(`${preset.name}: no socket any more, ${JSON.stringify(target.session.status)}, after ${JSON.stringify(said.at(-1))}`)
        break
      }
      const input = random.chance(0.05) ? bytes(random).buffer : text(random, samples.frames)
      said.push(input)
      try {
        // A link that has been up for a minute is one whose next drop begins anew.
        if (random.chance(0.05)) target.world.now += 70_000
        if (random.chance(0.1)) for (const ready of samples.ready) socket.say(ready)
        socket.say(input)
        if (random.chance(0.1)) socket.end(random.one([1006, 1012, 4401, 4100, 1008]))
      } catch (error) {
        wrong.push(`${preset.name}: ${String(error)} escaped, from ${JSON.stringify(input)}`)
      }
      if (target.world.reported.length > 0) wrong.push(`${preset.name}: ${String(target.world.reported[0])}, from ${JSON.stringify(input)}`)
    }
    if (JSON.stringify(target.told).includes(mark)) wrong.push(`${preset.name}: a secret shows`)
    await target.end()
    const left = target.world.timers.size + target.world.live.length + target.world.pages.size
    if (left > 0) wrong.push(`${preset.name}: ${left} things left`)
  }
  return wrong
}

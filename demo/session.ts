/** The part of the demo that an application would write too: one session per preset. No DOM. */
import { createSession } from '../src/index.ts'
import type { Session } from '../src/index.ts'
import { agentHuman } from '../src/presets/agenthuman.ts'
import type { AgentHumanMessage } from '../src/presets/agenthuman.ts'
import { bitHuman } from '../src/presets/bithuman.ts'
import { hueChat } from '../src/presets/huechat.ts'
import type { HueChatEvent } from '../src/presets/huechat.ts'
import { humeEvi, humeTts } from '../src/presets/hume.ts'
import type { EviInbound, EviOutbound, TtsInbound, TtsOutbound } from '../src/presets/hume.ts'
import type { Settings } from './settings.ts'

/** What the emulated runtime says. bitHuman documents no socket for browsers: a runtime of your own says what you like. */
export type RuntimeMessage =
  | { readonly type: 'ready'; readonly session: string }
  | { readonly type: 'frame'; readonly index: number; readonly at: number }
  | { readonly type: 'transcript'; readonly text: string }

export interface RuntimeWords {
  readonly type: 'speak'
  readonly text: string
}

export type DemoSession =
  | { readonly preset: 'hume-evi'; readonly session: Session<EviInbound, EviOutbound> }
  | { readonly preset: 'hume-tts'; readonly session: Session<TtsInbound, TtsOutbound> }
  | { readonly preset: 'bithuman'; readonly session: Session<RuntimeMessage, RuntimeWords> }
  | { readonly preset: 'bithuman-lease'; readonly session: Session }
  | { readonly preset: 'agenthuman'; readonly session: Session<AgentHumanMessage, AgentHumanMessage> }
  | { readonly preset: 'huechat'; readonly session: Session<HueChatEvent, never> }

const agent = 'A78WKV4515'

/**
 * @param room whose token endpoint, gateway and emulator to use
 * @param host this page's `host:port`
 */
export function makeSession(settings: Settings, room: string, host: string): DemoSession {
  const emulator = `ws://${host}/emulators/${room}`
  const probe = { firstMs: settings.probe * 1000, capMs: settings.probe * 1000 }
  const lease = { agent, beatMs: settings.beat * 1000, graceMs: settings.grace * 1000 }
  switch (settings.preset) {
    case 'hume-evi': {
      const preset = humeEvi({ host: `${emulator}/hume` })
      return { preset: 'hume-evi', session: createSession({ preset, tokenSource: `/api/${room}/hume/token`, probe }) }
    }
    case 'hume-tts': {
      const preset = humeTts({ host: `${emulator}/hume`, formatType: 'pcm' })
      return { preset: 'hume-tts', session: createSession({ preset, tokenSource: `/api/${room}/hume/token`, probe }) }
    }
    case 'bithuman': {
      const url = `${emulator}/bithuman/v1/runtime/${agent}`
      const preset = bitHuman<RuntimeMessage, RuntimeWords>({ ...lease, url, ready: (message) => message.type === 'ready' })
      return { preset: 'bithuman', session: createSession({ preset, tokenSource: `/api/${room}/bithuman/token`, probe }) }
    }
    case 'bithuman-lease': {
      const preset = bitHuman(lease)
      return { preset: 'bithuman-lease', session: createSession({ preset, tokenSource: `/api/${room}/bithuman/token`, probe }) }
    }
    case 'agenthuman': {
      const preset = agentHuman({ host: `${emulator}/agenthuman` })
      return { preset: 'agenthuman', session: createSession({ preset, tokenSource: `/api/${room}/agenthuman/token`, probe }) }
    }
    case 'huechat': {
      const preset = hueChat({ url: `ws://${host}/gateway/${room}/socket`, rest: `http://${host}/gateway/${room}` })
      return { preset: 'huechat', session: createSession({ preset, tokenSource: `/api/${room}/huechat/token`, probe }) }
    }
    default:
      return settings.preset satisfies never
  }
}

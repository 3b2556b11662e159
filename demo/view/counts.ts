import type { Counts, PresetName } from '../contract.ts'
import { element, place } from './element.ts'

type Figure = readonly [name: string, label: string, of: (counts: Counts) => number]

const tokens: readonly Figure[] = [
  ['mints', 'tokens given out', ({ mints }) => mints],
  ['refusedMints', 'mints refused', ({ refusedMints }) => refusedMints],
]
const sockets: readonly Figure[] = [
  ['upgrades', 'handshakes', ({ upgrades }) => upgrades],
  ['openSockets', 'sockets open', ({ openSockets }) => openSockets],
]
const figures: Readonly<Record<PresetName, readonly Figure[]>> = {
  'hume-evi': [
    ...tokens,
    ...sockets,
    ['chats', 'chats', ({ chats }) => chats],
    ['chatGroups', 'conversations', ({ chatGroupIds }) => new Set(chatGroupIds).size],
  ],
  'hume-tts': [...tokens, ...sockets],
  bithuman: [...tokens, ...sockets, ['frames', 'frames sent', ({ frames }) => frames]],
  'bithuman-lease': [...tokens, ...sockets],
  agenthuman: [
    ['mints', 'sessions begun', ({ mints }) => mints],
    ['endedSessions', 'sessions ended', ({ endedSessions }) => endedSessions],
    ['refusedMints', 'sessions refused', ({ refusedMints }) => refusedMints],
    ...sockets,
    ['frames', 'frames shown', ({ frames }) => frames],
  ],
  huechat: [
    ['mints', 'leases given out', ({ mints }) => mints],
    ...sockets,
    ['webhooks', 'webhooks taken', ({ webhooks }) => webhooks],
    ['calls', 'REST calls', ({ calls }) => calls],
    ['refusedCalls', 'calls refused', ({ refusedCalls }) => refusedCalls],
  ],
}

/** The other side's account of it: the emulator counts for itself. */
export function countsView(preset: PresetName): { show(counts: Counts): void } {
  const cells = figures[preset].map(([name, label, of]) => ({ of, value: element('dd', { 'data-count': name }, '0'), label }))
  if (preset === 'huechat') place('counts-title').textContent = 'What gateway and provider counted'
  const words = element('dd', { 'data-count': 'keyRefusal' })
  const refusal = element('div', { class: 'quote', hidden: true }, element('dt', {}, 'its words for the key that it last refused'), words)
  place('counts').replaceChildren(...cells.map(({ label, value }) => element('div', {}, element('dt', {}, label), value)), refusal)
  return {
    show(counts) {
      refusal.hidden = counts.keyRefusal === ''
      words.textContent = `“${counts.keyRefusal}”`
      for (const { of, value } of cells) value.textContent = of(counts).toLocaleString('en')
    },
  }
}

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
  bithuman: [...tokens, ...sockets, ['frames', 'frames sent', ({ frames }) => frames]],
  'bithuman-lease': [...tokens, ...sockets],
}

/** The other side's account of it: the emulator counts for itself. */
export function countsView(preset: PresetName): { show(counts: Counts): void } {
  const cells = figures[preset].map(([name, label, of]) => ({ of, value: element('dd', { 'data-count': name }, '0'), label }))
  place('counts').replaceChildren(...cells.map(({ label, value }) => element('div', {}, element('dt', {}, label), value)))
  return {
    show(counts) {
      for (const { of, value } of cells) value.textContent = of(counts).toLocaleString('en')
    },
  }
}

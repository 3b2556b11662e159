import type { Status } from '../../src/index.ts'
import { drawing, place } from './element.ts'

type State = Status['name']
type Spot = readonly [x: number, y: number]

/** Centres of the states, in units of the drawing. */
const spots: Readonly<Record<State, Spot>> = {
  idle: [64, 30],
  connecting: [240, 30],
  connected: [416, 30],
  closed: [64, 116],
  paused: [240, 116],
  reconnecting: [416, 116],
  failed: [64, 196],
}
const reasons = ['asked', 'hidden', 'refused', 'expired'] as const
const half = { x: 58, y: 18 }

/** Ways that a session goes often enough to be drawn; from anywhere it can be closed. `both`: there and back. */
const ways: ReadonlyArray<readonly [from: State, to: State, both?: 'both']> = [
  ['idle', 'connecting'],
  ['connecting', 'connected'],
  ['connected', 'reconnecting', 'both'],
  ['connecting', 'paused', 'both'],
  ['connected', 'paused', 'both'],
  ['reconnecting', 'paused', 'both'],
  ['closed', 'connecting'],
]

/** The states and the ways between them; the one that it is in now is lit, and so is the way that it came. */
export function diagramView(): { show(status: Status): void } {
  const states = new Map(Object.keys(spots).map((name) => [name, pill(spots[name as State], name, half.x, half.y)]))
  const small = new Map(reasons.map((name, i) => [name, pill([204 + i * 75, 196], name, 34, 12)]))
  const lines = ways.map(([from, to, both]) => ({ ends: [from, to], line: arrow(from, to, both === 'both') }))
  const stem = drawing('path', {
    class: 'stem',
    d: 'M240 134 V170 M204 184 V178 Q204 170 212 170 H421 Q429 170 429 178 V184 M279 170 V184 M354 170 V184',
  })
  const title = drawing('title', {}, 'The states of a session')
  const head = drawing(
    'marker',
    { id: 'head', viewBox: '0 0 8 8', refX: 6, refY: 4, markerWidth: 6, markerHeight: 6, orient: 'auto-start-reverse' },
    drawing('path', { d: 'M1 1 L7 4 L1 7', class: 'head' }),
  )
  const picture = drawing('svg', { viewBox: '0 0 480 216', role: 'img' }, title, drawing('defs', {}, head))
  picture.append(stem, ...lines.map(({ line }) => line), ...states.values(), ...small.values())
  place('diagram').replaceChildren(picture)

  let was: State = 'idle'
  return {
    show(status) {
      const reason = 'reason' in status ? status.reason : undefined
      for (const [name, pill] of states) pill.classList.toggle('on', name === status.name)
      for (const [name, pill] of small) pill.classList.toggle('on', name === reason)
      if (was !== status.name) {
        for (const { ends, line } of lines) line.classList.toggle('on', ends.includes(was) && ends.includes(status.name))
        was = status.name
      }
      title.textContent = `The states of a session; now ${status.name}${reason === undefined ? '' : `, ${reason}`}`
    },
  }
}

function pill([x, y]: Spot, name: string, halfX: number, halfY: number): SVGGElement {
  const box = drawing('rect', { x: x - halfX, y: y - halfY, width: halfX * 2, height: halfY * 2, rx: halfY })
  const text = drawing('text', { x, y, dy: '0.35em' }, name)
  return drawing('g', { class: halfY < half.y ? 'pill small' : 'pill', 'data-state': name }, box, text)
}

/** From edge to edge of two pills, by the shortest straight line between their centres. */
function arrow(from: State, to: State, both: boolean): SVGPathElement {
  const [start, end] = [edge(spots[from], spots[to]), edge(spots[to], spots[from])]
  const d = `M${start.join(' ')} L${end.join(' ')}`
  return drawing('path', { class: 'way', d, 'marker-end': 'url(#head)', 'marker-start': both ? 'url(#head)' : undefined })
}

/** Where the line from the centre of a pill towards another point leaves the pill, and a little air. */
function edge([x, y]: Spot, [toX, toY]: Spot): number[] {
  const [dx, dy] = [toX - x, toY - y]
  const share = Math.min((half.x - (dy === 0 ? 0 : 14)) / Math.abs(dx || 1e-9), half.y / Math.abs(dy || 1e-9))
  const length = Math.hypot(dx, dy)
  return [x + dx * share + (dx / length) * 5, y + dy * share + (dy / length) * 5].map((value) => Math.round(value * 10) / 10)
}

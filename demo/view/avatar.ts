import type { Session } from '../../src/index.ts'
import type { RuntimeMessage, RuntimeWords } from '../session.ts'
import { element, place, stateColour, wantsStillness } from './element.ts'

/** What stands for bitHuman's video: a shape that moves only when a frame arrives, and the count of frames. */
export function avatarView(session: Session<RuntimeMessage, RuntimeWords>): void {
  place('stage-title').textContent = 'The frames'
  const canvas = element('canvas', { class: 'avatar', role: 'img', 'aria-label': 'A shape that moves with each frame' })
  const total = element('strong', { 'data-count': 'page-frames' }, '0')
  const rate = element('strong', {}, '0')
  const said = element('p', { class: 'said', 'aria-live': 'polite' })
  const box = element('input', {
    name: 'text',
    type: 'text',
    autocomplete: 'off',
    placeholder: 'Make it speak',
    'aria-label': 'Words to speak',
  })
  const form = element('form', { class: 'say', 'data-form': 'say' }, box, element('button', { type: 'submit' }, 'Speak'))
  const numbers = element('p', { class: 'numbers' }, total, ' frames on this page', element('br'), rate, ' in the last second')
  const note = element('p', { class: 'hint' }, 'Each frame that arrives moves the shape by one step. No frame, no movement.')
  const words = element('div', { class: 'beside' }, numbers, said, form, note)
  place('stage').replaceChildren(element('div', { class: 'film' }, canvas, words))

  let frames = 0
  let seen = 0
  /** Decays when nothing comes, so that a still picture also looks still. */
  let warmth = 0
  const recent: number[] = []

  session.on('message', (message) => {
    if (message.type === 'transcript') said.textContent = `“${message.text}”`
    if (message.type !== 'frame') return
    frames++
    recent.push(performance.now())
    warmth = 1
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = box.value.trim()
    if (text === '') return
    const outcome = session.send({ type: 'speak', text })
    if (outcome === 'sent') box.value = ''
    else said.textContent = outcome === 'queued' ? 'It will be said when the session is back.' : 'Nobody is there to say it.'
  })

  const context = canvas.getContext('2d')
  const side = 200
  canvas.width = canvas.height = side * 3
  const paint = (): void => {
    const now = performance.now()
    while (recent[0] !== undefined && now - recent[0] > 1000) recent.shift()
    write(total, frames.toLocaleString('en'))
    write(rate, String(recent.length))
    warmth = Math.max(0, warmth - 0.02)
    if (!wantsStillness()) seen += (frames - seen) * 0.35
    if (context) draw(context, side, seen, warmth)
    requestAnimationFrame(paint)
  }
  requestAnimationFrame(paint)
}

/** Sixty times a second, so only when it is new. */
function write(where: HTMLElement, text: string): void {
  if (where.textContent !== text) where.textContent = text
}

/** Five loops round one centre, each a sum of three waves; `step` moves them, `warmth` gives them colour. */
function draw(context: CanvasRenderingContext2D, side: number, step: number, warmth: number): void {
  context.setTransform(3, 0, 0, 3, 0, 0)
  context.clearRect(0, 0, side, side)
  context.strokeStyle = stateColour()
  context.fillStyle = context.strokeStyle
  context.lineWidth = 1.5
  for (let ring = 0; ring < 5; ring++) {
    const radius = 30 + ring * 13
    context.globalAlpha = (0.25 + 0.75 * warmth) * (1 - ring * 0.17)
    context.beginPath()
    for (let i = 0; i <= 90; i++) {
      const angle = (i / 90) * Math.PI * 2
      const wave = Math.sin(angle * 3 + step / 9 + ring) * 4 + Math.sin(angle * 5 - step / 6) * 2.4 + Math.sin(step / 14 + ring / 2) * 4
      const reach = radius + wave
      context.lineTo(side / 2 + Math.cos(angle) * reach, side / 2 + Math.sin(angle) * reach)
    }
    context.closePath()
    if (ring === 0) context.fill()
    context.stroke()
  }
  context.globalAlpha = 1
}

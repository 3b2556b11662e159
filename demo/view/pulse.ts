import { place, stateColour, wantsStillness } from './element.ts'

/** One heartbeat as an electrocardiogram shows it, in shares of the height, 4 px apart. */
const beat = [0, 0.06, 0.12, 0.06, 0, 0, -0.1, 0.35, 0.92, 0.3, -0.38, -0.1, 0, 0.04, 0.12, 0.18, 0.14, 0.05, 0]
/** A beat that was missed: a dent. */
const missed = [0, -0.05, -0.16, -0.2, -0.16, -0.05, 0]
const stepPx = 4
const pxPerSecond = 72

/** A line that runs on, with a beat in it for each renewed token and a dent for each failed one. */
export function pulseView(): { beat(): void; miss(): void } {
  const canvas = place('pulse') as HTMLCanvasElement
  const context = canvas.getContext('2d')
  const line: number[] = []
  const coming: number[] = []
  let carry = 0
  let last = performance.now()
  let [width, height, scale] = [0, 0, 1]

  const measure = (): void => {
    scale = devicePixelRatio
    ;({ width, height } = canvas.getBoundingClientRect())
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    const points = Math.ceil(width / stepPx) + 2
    while (line.length < points) line.unshift(0)
    line.splice(0, line.length - points)
  }
  const advance = (points: number): void => {
    for (let i = 0; i < points; i++) {
      line.push(coming.shift() ?? 0)
      line.shift()
    }
  }
  const paint = (): void => {
    if (!context || width === 0) return
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, width, height)
    const colour = stateColour()
    const fade = context.createLinearGradient(0, 0, width, 0)
    fade.addColorStop(0, 'transparent')
    fade.addColorStop(0.35, colour)
    context.strokeStyle = fade
    context.lineWidth = 2
    context.lineJoin = 'round'
    context.beginPath()
    const edge = width - 6
    const yOf = (value: number): number => height * (0.68 - value * 0.58)
    line.forEach((value, i) => context.lineTo(edge - (line.length - 1 - i) * stepPx - carry, yOf(value)))
    context.stroke()
    context.fillStyle = colour
    context.beginPath()
    context.arc(edge - carry, yOf(line.at(-1) ?? 0), 3.5, 0, Math.PI * 2)
    context.fill()
  }
  const frame = (now: number): void => {
    carry += Math.min(100, now - last) * (pxPerSecond / 1000)
    last = now
    advance(Math.floor(carry / stepPx))
    carry %= stepPx
    paint()
    requestAnimationFrame(frame)
  }

  new ResizeObserver(() => {
    measure()
    paint()
  }).observe(canvas)
  if (!wantsStillness()) requestAnimationFrame(frame)
  /** Who wants no motion sees the line only grow by what happened. */
  const play = (shape: readonly number[]): void => {
    coming.push(...shape)
    if (!wantsStillness()) return
    advance(coming.length + 6)
    paint()
  }
  return { beat: () => play(beat), miss: () => play(missed) }
}

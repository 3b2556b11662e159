import type { Session } from '../../src/index.ts'
import type { TtsInbound, TtsOutbound } from '../../src/presets/hume.ts'
import { element, place, stateColour, wantsStillness } from './element.ts'

/** Hume's TTS sends signed 16-bit samples, mono, so many a second. */
const sampleRate = 48_000
/** One bar of the picture stands for so many ms of sound. */
const barMs = 10
const barPx = 4

/** Text in, sound out: the bytes as a waveform, and as sound once somebody has asked for it. */
export function voiceView(session: Session<TtsInbound, TtsOutbound>): void {
  place('stage-title').textContent = 'The voice'
  const wave = waveform()
  const speaker = loudspeaker()
  const chunks = element('strong', { 'data-count': 'page-chunks' }, '0')
  const length = element('strong', { 'data-count': 'page-sound' }, '0.0')
  const spoken = element('ol', { class: 'spoken', 'aria-live': 'polite', 'aria-label': 'What was spoken' })
  const box = element('input', {
    name: 'text',
    type: 'text',
    autocomplete: 'off',
    placeholder: 'Something to read aloud',
    'aria-label': 'Text to speak',
  })
  const form = element('form', { class: 'say', 'data-form': 'say' }, box, element('button', { type: 'submit' }, 'Speak'))
  const sound = element('button', { type: 'button', 'data-action': 'sound', 'aria-pressed': 'false' }, 'Let me hear it')
  const numbers = element('p', { class: 'numbers' }, chunks, ' chunks of audio, ', length, ' s of sound')
  const hint = element(
    'p',
    { class: 'hint' },
    'Each sentence comes as two chunks, as JSON and as the same bytes in a binary frame. The emulated voice is a hum whose pitch follows the text. A new socket begins a new stream: there is nothing to go on with.',
  )
  place('stage').replaceChildren(wave.canvas, element('div', { class: 'row' }, numbers, sound), form, spoken, hint)

  const got = { chunks: 0, seconds: 0 }
  const note = (text: string): void => {
    spoken.prepend(element('li', {}, text))
    while (spoken.childElementCount > 4) spoken.lastElementChild?.remove()
  }
  session.on('message', (message) => {
    if (message instanceof ArrayBuffer) {
      const samples = new Int16Array(message)
      got.chunks++
      got.seconds += samples.length / sampleRate
      chunks.textContent = got.chunks.toLocaleString('en')
      length.textContent = got.seconds.toFixed(1)
      wave.take(samples)
      speaker.take(samples)
    } else if (message.type === 'audio' && message.is_last_chunk) note(`“${message.text}”`)
    else if (String(message.type) === 'error') note(`Error: ${String((message as { message?: unknown }).message)}`)
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = box.value.trim()
    if (text === '') return
    const outcome = session.send({ text, flush: true })
    if (outcome === 'queued') note(`“${text}” waits for the next socket.`)
    if (outcome === 'dropped') note(`“${text}” was not sent: the session is ${session.status.name}.`)
    else box.value = ''
  })
  sound.addEventListener('click', () => {
    const isOn = speaker.toggle()
    sound.setAttribute('aria-pressed', String(isOn))
    sound.textContent = isOn ? 'Sound off' : 'Let me hear it'
  })
}

/** Bars that come in at the pace of the sound, drawn from the samples themselves. */
function waveform(): { canvas: HTMLCanvasElement; take(samples: Int16Array): void } {
  const canvas = element('canvas', { class: 'wave', role: 'img', 'aria-label': 'The loudness of what was spoken' })
  const context = canvas.getContext('2d')
  const bars: number[] = []
  const coming: number[] = []
  let [width, height] = [0, 0]
  let last = performance.now()
  let owed = 0

  const paint = (): void => {
    if (!context || width === 0) return
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    context.clearRect(0, 0, width, height)
    context.fillStyle = stateColour()
    const room = Math.ceil(width / barPx)
    bars.splice(0, bars.length - room)
    bars.forEach((loudness, i) => {
      const tall = Math.max(2, loudness * (height - 8))
      context.globalAlpha = loudness === 0 ? 0.3 : 1
      context.fillRect(width - (bars.length - i) * barPx, (height - tall) / 2, barPx - 1.5, tall)
    })
    context.globalAlpha = 1
  }
  const measure = (): void => {
    ;({ width, height } = canvas.getBoundingClientRect())
    canvas.width = Math.round(width * devicePixelRatio)
    canvas.height = Math.round(height * devicePixelRatio)
    while (bars.length < Math.ceil(width / barPx)) bars.unshift(0)
    paint()
  }
  const frame = (now: number): void => {
    owed = coming.length === 0 ? 0 : owed + Math.min(100, now - last) / barMs
    last = now
    bars.push(...coming.splice(0, wantsStillness() ? coming.length : Math.floor(owed)))
    owed %= 1
    paint()
    requestAnimationFrame(frame)
  }
  new ResizeObserver(measure).observe(canvas)
  requestAnimationFrame(frame)
  return {
    canvas,
    take(samples) {
      const step = (sampleRate * barMs) / 1000
      for (let at = 0; at < samples.length; at += step) {
        // The hum has an eighth of what 16 bits can say.
        const loudest = samples.subarray(at, at + step).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
        coming.push(Math.min(1, (loudest / 32_768) * 8))
      }
    },
  }
}

/** Plays one chunk after the other, and nothing before somebody has clicked: browsers would not let it. */
function loudspeaker(): { toggle(): boolean; take(samples: Int16Array): void } {
  let context: AudioContext | undefined
  let isOn = false
  let freeAt = 0
  return {
    toggle() {
      context ??= new AudioContext()
      isOn = !isOn
      void (isOn ? context.resume() : context.suspend())
      return isOn
    },
    take(samples) {
      if (!isOn || !context || samples.length === 0) return
      const buffer = context.createBuffer(1, samples.length, sampleRate)
      buffer.getChannelData(0).set(Float32Array.from(samples, (sample) => sample / 32_768))
      const source = context.createBufferSource()
      source.buffer = buffer
      source.connect(context.destination)
      const at = Math.max(context.currentTime, freeAt)
      source.start(at)
      freeAt = at + buffer.duration
    },
  }
}

import type { PresetName } from '../contract.ts'
import { intervalsOf, real } from '../settings.ts'
import type { Interval, Settings } from '../settings.ts'
import { element, place } from './element.ts'

const tabs: Readonly<Record<PresetName, string>> = {
  'hume-evi': 'Hume EVI',
  'hume-tts': 'Hume TTS',
  bithuman: 'bitHuman',
  'bithuman-lease': 'bitHuman, lease only',
  agenthuman: 'AgentHuman',
  huechat: 'HueChat',
}

const labels: Readonly<Record<Interval, string>> = {
  ttl: 'life of a token',
  beat: 'between two beats',
  grace: 'grace after the last beat',
  probe: 'between two probes',
}

/** What does not change while the page lives: the tabs, the notice about Hume, the intervals. */
export function frameView(settings: Settings, query: URLSearchParams): void {
  const { preset } = settings
  const to = (changes: Readonly<Record<string, string | number>>): string => {
    const next = new URLSearchParams(query)
    for (const [name, value] of Object.entries(changes)) next.set(name, String(value))
    return `?${next}`
  }
  place('tabs').replaceChildren(
    ...Object.entries(tabs).map(([name, label]) =>
      element('a', { href: to({ preset: name }), 'aria-current': name === preset ? 'page' : undefined }, label),
    ),
  )
  place('ended').hidden = !preset.startsWith('hume-')

  const names = intervalsOf(preset)
  const field = (name: Interval): HTMLElement => {
    const box = element('input', { name, type: 'number', min: 0.1, max: 86400, step: 'any', value: settings[name], required: true })
    return element('label', {}, labels[name], box, element('small', {}, `really ${real[preset][name]} s`))
  }
  const form = element(
    'form',
    { class: 'intervals' },
    element('input', { type: 'hidden', name: 'preset', value: preset }),
    ...names.map(field),
  )
  form.append(element('button', { type: 'submit' }, 'Start again with these'))
  const now = names.map((name) => `${name} ${settings[name]} s`).join(' · ')
  place('intervals').replaceChildren(
    element('summary', {}, 'Intervals of this page: ', element('span', { class: 'figures' }, now)),
    form,
    element(
      'p',
      {},
      'They are shorter than real ones, so that a cycle can be watched. The library’s own probe begins at 30 s and goes up to 8 min; here it stays at one value. ',
      element('a', { href: to({ preset, ...real[preset] }) }, 'Start again with the real ones'),
      '.',
    ),
  )
}

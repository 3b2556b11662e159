import type { Huechat } from '../../src/emulator/index.ts'

/** People who write to the emulated HueChat by themselves, and answer whoever writes to them. */
export interface Customers {
  /** The next one writes. */
  write(): void
  /** A webhook's body went by: a message that reached a customer is read and answered a moment later. */
  overhear(body: string): void
  /** They write no more. */
  leave(): void
}

const people = [
  { phone: '+14155550101', first_name: 'Ada', last_name: 'Okafor', preferred_channel: 'whatsapp' },
  { phone: '+14155550102', first_name: 'Ben', last_name: 'Lindqvist', preferred_channel: 'sms' },
  { phone: '+14155550103', first_name: 'Chiara', last_name: 'Moretti', preferred_channel: 'instagram' },
] as const

const questions = [
  'Hello, is my order on its way?',
  'Are you open on Sunday?',
  'The blue one came, but I had asked for green.',
  'Can I change the address?',
  'It works again, never mind!',
  'Do you ship to Lisbon?',
  'Could somebody call me tomorrow?',
  'Where do I find my invoice?',
] as const
const answers = ['Thank you, that helps.', 'Great, thanks!', 'Perfect. Have a good day!', 'Oh, I see.'] as const

/** Between two messages that nobody asked for, in ms. */
const everyMs = 12_000
const thinkMs = 1500
/** So that a page that is left open for a week does not fill the memory. */
const mostMessages = 400

/** @param introduce makes a contact, as the account's own backend would */
export function createCustomers(huechat: Huechat, introduce: (person: object) => Promise<unknown>): Customers {
  const timers = new Set<NodeJS.Timeout>()
  let written = 0
  let answered = 0
  const later = (run: () => void, ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run()
    }, ms)
    timer.unref()
    timers.add(timer)
  }

  const write = (): void => {
    const person = people[written % people.length] ?? people[0]
    huechat.incoming(person.phone, questions[written % questions.length] ?? '', person.preferred_channel)
    written++
  }
  const goOn = (): void => {
    write()
    if (written < mostMessages) later(goOn, everyMs)
  }
  // Each is there with a first message before the page has asked.
  void Promise.all(people.map(introduce)).then(() => {
    for (const _ of people) write()
    later(goOn, everyMs)
  })

  return {
    write,
    overhear(body) {
      const { type, data } = JSON.parse(body) as { type: string; data: { id: string; contact_id: string; channel: 'sms' } }
      if (type !== 'message.delivered' || answered >= mostMessages) return
      later(() => {
        huechat.read(data.id)
        huechat.incoming(data.contact_id, answers[answered++ % answers.length] ?? '', data.channel)
      }, thinkMs)
    },
    leave() {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      written = answered = mostMessages
    },
  }
}

import { hash } from './samples.ts'

/** What the emulated voice knows when it answers. */
export interface Moment {
  /** The words to answer. */
  readonly text: string
  /** How many answers this chat gave before. */
  readonly turn: number
  /** The last thing the user said in an earlier chat of the same group; only a resumed chat has one. */
  readonly earlier?: string
}

/** One to three sentences, always the same for the same moment: no model, only a mirror with manners. */
export function answerTo({ text, turn, earlier }: Moment): string[] {
  const words = text.trim().replace(/\s+/g, ' ')
  const sentences = turn === 0 && earlier !== undefined ? [`Welcome back: before the line dropped you said “${clip(earlier)}”.`] : []
  if (words === '') return [...sentences, 'I heard nothing. Would you say that again?']
  if (/^(hello|hi|hey|good (morning|afternoon|evening))\b/i.test(words)) return [...sentences, pick(greetings, words, turn)]
  if (/\b(bye|goodbye|see you)\b/i.test(words)) return [...sentences, pick(farewells, words, turn)]
  if (/\bthank(s| you)\b/i.test(words)) return [...sentences, pick(thanks, words, turn)]
  const seen = mirror(clip(words))
  if (words.endsWith('?')) return [...sentences, pick(asked, words, turn).replace('…', seen), pick(returns, words, turn)]
  return [...sentences, pick(told, words, turn).replace('…', seen), pick(follows, words, turn)]
}

const greetings = ['Hello! It is good to hear you.', 'Hi there. I am listening.', 'Hey! What is on your mind today?']
const farewells = ['Goodbye, and take care.', 'See you soon. I enjoyed this.', 'Until next time.']
const thanks = ['You are very welcome.', 'With pleasure.', 'Any time. What else can I do for you?']
const asked = ['You are wondering: …?', 'So the question is: …?', 'Let me think about that: …?']
const returns = ['What does your heart say?', 'What would a good answer change for you?', 'I would begin with the part you already know.']
const told = ['I hear you: ….', 'So ….', 'You are telling me this: ….']
const follows = [
  'How does that feel?',
  'Tell me more about it.',
  'What would you like to happen next?',
  'That sounds like something that matters to you.',
]

function pick(list: readonly string[], text: string, turn: number): string {
  return list[(hash(text) + turn) % list.length] ?? ''
}

const swaps: Readonly<Record<string, string>> = {
  'you are': 'I am',
  'are you': 'am I',
  'i am': 'you are',
  'am i': 'are you',
  "i'm": 'you are',
  'i’m': 'you are',
  i: 'you',
  me: 'you',
  my: 'your',
  mine: 'yours',
  you: 'I',
  your: 'my',
  yours: 'mine',
}

/** “I lost my way” becomes “you lost your way”. */
function mirror(text: string): string {
  const bare = text.replace(/[.!?…]+$/, '')
  return bare.replace(/\b(you are|are you|i am|am i)\b|[\p{L}'’]+/giu, (word) => swaps[word.toLowerCase()] ?? word)
}

const clip = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text)

/**
 * `npm run mutants -- --seed N`: breaks the core in 40 places, one at a time, and asks whether its tests notice. A change
 * that the compiler refuses is not among them: another is drawn.
 *
 * | option | meaning |
 * | --- | --- |
 * | `--seed N` | which 40 (default 1); the same seed draws the same ones from the same code |
 * | `--count N` | how many (default 40); all but two must be killed, or 95 % of another number |
 * | `--at src/core/step.ts:31` | every change on that line instead, or in that file without a line: for work on a survivor |
 * | `--list` | only shows what would be tried |
 * | `--workers N` | how many at a time (default 2) |
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { root, setup, stop } from './setup.mjs'

/** The simulation's part in it: enough seeds to reach every edge, few enough to be quick. */
const env = { HEARTWIRE_SEEDS: process.env.HEARTWIRE_SEEDS ?? '200', HEARTWIRE_REDUCED: '1' }

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '40' },
    at: { type: 'string' },
    list: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
  },
})

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
function chance(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const mutant = (site, to) => ({
  ...site,
  to,
  title: `${site.file}:${site.line}  ${short(site.was)}  →  ${to === ';' ? '(nothing)' : short(to)}`,
})
const short = (text) => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 90 ? `${line.slice(0, 87)}…` : line
}

/** All sites in the order in which this seed draws them, with one change at each. */
function shuffled(sites, seed) {
  const next = chance(seed)
  const left = [...sites]
  const drawn = []
  while (left.length > 0) {
    const [site] = left.splice(Math.floor(next() * left.length), 1)
    drawn.push(mutant(site, site.becomes[Math.floor(next() * site.becomes.length)]))
  }
  return drawn
}

async function sites() {
  const { sitesOf } = await import('./mutants/find.mjs')
  const names = readdirSync(join(root, 'src/core'), { recursive: true }).filter((name) => name.endsWith('.ts'))
  return names.sort().flatMap((name) => {
    const file = `src/core/${name.replaceAll(sep, '/')}`
    return sitesOf(file, readFileSync(join(root, file), 'utf8'))
  })
}

/** What may be tried, in order, and how many of it. */
async function candidates() {
  const all = await sites()
  if (values.at === undefined) return { order: shuffled(all, Number(values.seed)), count: Number(values.count) }
  const [file, line] = values.at.split(':')
  const order = all
    .filter((site) => site.file === file && (line === undefined || site.line === Number(line)))
    .flatMap((site) => site.becomes.map((to) => mutant(site, to)))
  return { order, count: order.length }
}

/** The first `count` that the compiler takes. */
async function chosen(benches) {
  const { order, count } = await candidates()
  const taken = []
  for (let at = 0; at < order.length && taken.length < count; at += benches.length) {
    const some = order.slice(at, at + benches.length)
    const fine = await Promise.all(some.map((each, index) => benches[index].compiles(each)))
    taken.push(...some.filter((_, index) => fine[index]))
  }
  return taken.slice(0, count)
}

/** Survivors that were looked into, with the reason: `{ file, was, to, why }`. They count as survivors all the same. */
function explanations() {
  const file = join(root, 'scripts/mutants/explained.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

async function tryAll(mutants, benches, stages) {
  const begin = Date.now()
  const plain = await benches[0].asItIs(env)
  if (!plain.ok) throw new Error(`The tests fail without any mutant: ${plain.by}`)
  // Generous, because the machine may be busy: only an endless loop should reach it.
  const limitMs = Math.max(60_000, (Date.now() - begin) * 10)
  console.log(`${mutants.length} mutants against ${stages.join(' and ')} (${((Date.now() - begin) / 1000).toFixed(1)} s without one).\n`)
  const survivors = []
  const queue = [...mutants]
  await Promise.all(
    benches.map(async (bench) => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
        const { ok, by } = await bench.mutant(each, limitMs, env)
        console.log(ok ? `SURVIVED  ${each.title}` : `killed    ${each.title}\n            by ${by}`)
        if (ok) survivors.push(each)
      }
    }),
  )
  return survivors
}

function report(mutants, survivors) {
  const known = explanations()
  if (survivors.length > 0) console.log('\nSurvivors:')
  for (const each of survivors) {
    const why = known.find(({ file, was, to }) => file === each.file && was === each.was && to === each.to)?.why
    console.log(`  ${each.title}\n    ${why ?? 'not explained (scripts/mutants/explained.json)'}`)
  }
  const needed = Math.ceil(mutants.length * 0.95)
  const killed = mutants.length - survivors.length
  console.log(`\n${killed} of ${mutants.length} killed; ${needed} are needed.${values.at === undefined ? ` Seed ${values.seed}.` : ''}`)
  return killed >= needed
}

setup()
const { Bench, stages } = await import('./mutants/bench.mjs')
if (stages.length === 0) stop('There are no tests of the core (test/core, test/simulation).')
const benches = Array.from({ length: Number(values.workers) }, () => new Bench())
try {
  const mutants = await chosen(benches)
  if (values.list) for (const each of mutants) console.log(each.title)
  else if (!report(mutants, await tryAll(mutants, benches, stages))) process.exitCode = 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  for (const bench of benches) bench.remove()
}

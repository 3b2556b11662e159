/**
 * `npm run mutation -- core`: mutation testing of a folder (`core`, `wire`, `io`; without a name all three, one after another),
 * as `stryker.config.mjs` says. What survives must be explained in `scripts/mutants/survivors/<folder>.json`, and what is explained
 * there must survive, else the command fails; so it does below the folder's score. What follows the name goes to Stryker:
 * `-- core --mutate src/core/step.ts:31-40`.
 * The report of each folder is `.cache/mutation/<folder>.html`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, setup, stop } from './setup.mjs'

const all = ['core', 'wire', 'io']
const options = process.argv.slice(2)
const names = all.includes(options[0]) ? [options.shift()] : all
if (options[0] !== undefined && !options[0].startsWith('-')) stop(`Which folder? ${all.join(', ')}, or none for all of them.`)

const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))
const short = (text) => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}

/** The text between two places of a file; Stryker counts lines and columns from 1. */
function between(lines, { start, end }) {
  const some = lines.slice(start.line - 1, end.line)
  some.push(some.pop().slice(0, end.column - 1))
  return [some.shift().slice(start.column - 1), ...some].join('\n')
}

/** Every mutant of a report, as an explanation names it: by texts, because line numbers move. */
const mutantsOf = (report) =>
  Object.entries(report.files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants.map(({ location, replacement, status, static: loading }) => ({
      status,
      loading: loading === true,
      place: `${file}:${location.start.line}`,
      file,
      on: short(lines[location.start.line - 1].trim()),
      was: short(between(lines, location)),
      to: short(replacement),
    }))
  })

const same = (a, b) => a.file === b.file && a.on === b.on && a.was === b.was && a.to === b.to

/** Runs one folder; true if its score is reached and every survivor explained. */
function run(name) {
  const report = `.cache/mutation/${name}.json`
  rmSync(join(root, report), { force: true })
  const begin = Date.now()
  const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  const env = { ...process.env, HEARTWIRE_MUTATE: name }
  const { status } = spawnSync(process.execPath, [stryker, 'run', ...options], { cwd: root, stdio: 'inherit', env })
  if (!existsSync(join(root, report))) return false

  const mutants = mutantsOf(read(report))
  const list = `scripts/mutants/survivors/${name}.json`
  const explained = existsSync(join(root, list)) ? read(list) : []
  const survivors = mutants.filter(({ status: fate }) => fate === 'Survived' || fate === 'NoCoverage')
  const open = survivors.filter((mutant) => !explained.some((each) => same(each, mutant)))
  for (const { place, file, on, was, to } of open) console.log(`Not explained, ${place}: ${JSON.stringify({ file, on, was, to, why: '' })}`)
  const whole = options.every((option) => !/^(-m|--mutate)\b/.test(option))
  const over = explained.filter((each) => {
    const fates = mutants.filter((mutant) => same(each, mutant)).map((mutant) => mutant.status)
    return fates.length === 0 ? whole : fates.every((fate) => fate === 'Killed')
  })
  for (const each of over) console.log(`Explained, but killed or gone: ${JSON.stringify(each)}`)

  const count = (...fates) => mutants.filter((mutant) => fates.includes(mutant.status)).length
  const killed = count('Killed', 'Timeout')
  console.log(
    `${name}: ${((100 * killed) / (killed + survivors.length)).toFixed(2)} % of ${killed + survivors.length} ` +
      `(${count('Killed')} killed, ${count('Timeout')} timed out, ${count('Survived')} survived, ${count('NoCoverage')} not covered; ` +
      `${mutants.filter(({ loading }) => loading).length} of them act when a file is loaded), ` +
      `${survivors.length - open.length} of ${survivors.length} explained, ${Math.round((Date.now() - begin) / 1000)} s`,
  )
  return status === 0 && open.length === 0 && over.length === 0
}

setup()
// Each one is run, whatever became of the one before.
const well = names.map(run)
process.exitCode = well.every(Boolean) ? 0 : 1

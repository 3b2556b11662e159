/** A copy of the checkout in which one mutant at a time is put in place and tried. */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../setup.mjs'

const copied = ['src', 'test', 'docs', 'scripts', 'package.json', 'tsconfig.json']

/** What is run against a mutant, in this order: quick tables first, the simulation only for what survives them. */
export const stages = ['test/core', 'test/simulation'].filter((folder) => {
  const path = join(root, folder)
  return existsSync(path) && readdirSync(path, { recursive: true }).some((name) => name.endsWith('.test.ts'))
})

/** The house's own, for the core alone; unused names and unreachable code are what mutants leave behind. */
const compilerSettings = {
  extends: './tsconfig.json',
  compilerOptions: { types: [], noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true },
  include: ['src/core'],
}

export class Bench {
  #folder = mkdtempSync(join(tmpdir(), 'heartwire-mutants-'))

  constructor() {
    for (const name of copied) if (existsSync(join(root, name))) cpSync(join(root, name), join(this.#folder, name), { recursive: true })
    writeFileSync(join(this.#folder, 'tsconfig.mutants.json'), JSON.stringify(compilerSettings))
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'junction')
  }

  /** Tries the code as it is: `{ ok, by }`. Tests that the mutants are measured by must pass without one. */
  async asItIs(env) {
    return this.#try(Infinity, env)
  }

  /** Tries a mutant. Killed = some test failed, or it never came to an end. */
  async mutant(mutant, limitMs, env) {
    return this.#with(mutant, () => this.#try(limitMs, env))
  }

  /**
   * Does the compiler take it? Where types rule a mistake out (a field that this state does not have), no test has to,
   * and at run time such a change often changes nothing at all.
   */
  async compiles(mutant) {
    const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.mutants.json']
    const { status } = await this.#with(mutant, () => this.#start(tsc))
    return status === 0
  }

  /** Puts a mutant in place for as long as `during` takes. */
  async #with({ file, start, end, to }, during) {
    const path = join(this.#folder, file)
    const before = readFileSync(path, 'utf8')
    writeFileSync(path, before.slice(0, start) + to + before.slice(end))
    try {
      return await during()
    } finally {
      writeFileSync(path, before)
    }
  }

  async #try(limitMs, env) {
    for (const stage of stages) {
      const result = await this.#run(stage, limitMs, env)
      if (!result.ok) return result
    }
    return { ok: true, by: '' }
  }

  async #run(stage, limitMs, env) {
    const result = join(this.#folder, '.cache/result.json')
    rmSync(result, { force: true })
    const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', stage, '--config', 'scripts/mutants/vitest.config.mjs']
    const { status, late, said } = await this.#start([...vitest, '--reporter=json', '--outputFile=.cache/result.json'], limitMs, env)
    if (late) return { ok: false, by: `no end after ${Math.round(limitMs / 1000)} s` }
    return status === 0
      ? { ok: true, by: '' }
      : { ok: false, by: `${stage}: ${firstFailure(result) ?? said.trim().split('\n')[0] ?? 'failed'}` }
  }

  /** In a process of its own, because an endless loop can only be ended from outside. */
  #start(args, limitMs = Infinity, env = {}) {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd: this.#folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...env },
      })
      let said = ''
      child.stderr.on('data', (data) => (said += data))
      let late = false
      const timer = limitMs < Infinity && setTimeout(() => ((late = true), child.kill('SIGKILL')), limitMs)
      child.on('error', reject)
      child.on('close', (status) => {
        clearTimeout(timer)
        resolve({ status, late, said })
      })
    })
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function firstFailure(file) {
  if (!existsSync(file)) return undefined
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'))
  for (const { assertionResults, message } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed !== undefined) return failed.fullName
    if (message) return message.split('\n')[0]
  }
  return undefined
}

/** A copy of the checkout in which one mutant at a time is put in place and tried. */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../setup.mjs'

const copied = ['src', 'test', 'docs', 'scripts', 'package.json', 'tsconfig.json']

/** What is run against a mutant, in this order: quick tables first, the simulation only for what survives them. */
export const stages = ['test/core', 'test/simulation'].filter((folder) => existsSync(join(root, folder)))

export class Bench {
  #folder = mkdtempSync(join(tmpdir(), 'heartwire-mutants-'))

  constructor() {
    for (const name of copied) if (existsSync(join(root, name))) cpSync(join(root, name), join(this.#folder, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'junction')
  }

  /** Tries the code as it is: `{ ok, by }`. Tests that the mutants are measured by must pass without one. */
  async asItIs(env) {
    return this.#try(Infinity, env)
  }

  /** Puts a mutant in place, tries it, and takes it out again. Killed = some test failed, or it never came to an end. */
  async mutant({ file, start, end, to }, limitMs, env) {
    const path = join(this.#folder, file)
    const before = readFileSync(path, 'utf8')
    writeFileSync(path, before.slice(0, start) + to + before.slice(end))
    try {
      return await this.#try(limitMs, env)
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

  /** In a process of its own, because an endless loop can only be ended from outside. */
  #run(stage, limitMs, env) {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const args = [
      vitest,
      'run',
      stage,
      '--config',
      'scripts/mutants/vitest.config.mjs',
      '--reporter=json',
      '--outputFile=.cache/result.json',
    ]
    const result = join(this.#folder, '.cache/result.json')
    rmSync(result, { force: true })
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
        if (late) return resolve({ ok: false, by: `no end after ${Math.round(limitMs / 1000)} s` })
        resolve({ ok: status === 0, by: status === 0 ? '' : `${stage}: ${firstFailure(result) ?? said.trim().split('\n')[0] ?? 'failed'}` })
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

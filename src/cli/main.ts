#!/usr/bin/env node
import process, { env } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './run.ts'

// Not `process.exit`: what is still on its way to a pipe would be lost.
process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env,
  fetch,
  now: Date.now,
  sleep: (ms) => sleep(ms),
  stopped: () =>
    new Promise((resolve) => {
      // Once: a second Ctrl-C ends the process whatever it waits for.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    }),
})

/** A Vitest reporter: case × engine → held, excluded and why, or failed, with times and what was measured. */
import type { TestCase, TestModule } from 'vitest/node'
import type { Reporter } from 'vitest/reporters'

const engineOf = (test: TestCase): string => (test.parent.type === 'suite' ? test.parent.name : '')

function noteOf(test: TestCase): string | undefined {
  const result = test.result()
  return result.state === 'skipped' ? result.note : undefined
}

function cell(test: TestCase): string {
  const { state } = test.result()
  const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1)
  if (state === 'passed') return `held ${seconds} s`
  return state === 'skipped' ? 'excluded' : `FAILED ${seconds} s`
}

export default class Table implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // Without a note nobody excluded it: the run did not ask for it.
    const asked = (test: TestCase): boolean => test.result().state !== 'skipped' || noteOf(test) !== undefined
    const tests = modules.flatMap((module) => [...module.children.allTests()]).filter(asked)
    const engines = [...new Set(tests.map(engineOf))]
    const cases = [...new Set(tests.map(({ name }) => name))]
    const find = (name: string, engine: string) => tests.find((test) => test.name === name && engineOf(test) === engine)
    const rows = [
      ['case', ...engines],
      ...cases.map((name) => [name, ...engines.map((engine) => find(name, engine)).map((test) => (test ? cell(test) : '-'))]),
    ]
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
    console.log()
    for (const row of rows) console.log(row.map((text, column) => text.padEnd(widths[column]!)).join('  '))
    console.log('\nMeasured:')
    for (const test of tests) {
      const { measured } = test.meta()
      if (measured !== undefined) console.log(`  ${engineOf(test)}, ${test.name}: ${measured}`)
    }
    const excluded = tests.filter((test) => test.result().state === 'skipped')
    if (excluded.length > 0) console.log('\nExcluded:')
    for (const test of excluded) console.log(`  ${engineOf(test)}, ${test.name}: ${noteOf(test)}`)
    // An engine that did not start, or a file that cannot be loaded.
    const broken = modules.flatMap((module) => [
      ...module.errors().map(({ message }) => `${module.moduleId}: ${message}`),
      ...[...module.children.allSuites()].flatMap((suite) => suite.errors().map(({ message }) => `${suite.name}: ${message}`)),
    ])
    const failed = tests.filter((test) => test.result().state === 'failed')
    if (failed.length > 0) console.log('\nFailed:')
    for (const test of failed) {
      for (const { message, stack } of test.result().errors ?? [])
        console.log(`  ${engineOf(test)}, ${test.name}: ${message}\n${stack?.split('\n').slice(1, 4).join('\n')}`)
    }
    if (broken.length > 0) console.log('\nDid not run:')
    for (const what of new Set(broken)) console.log(`  ${what}`)
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    console.log(`\n${count('passed')} held, ${count('skipped')} excluded, ${count('failed') + broken.length} failed`)
  }
}

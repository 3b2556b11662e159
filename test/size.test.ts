import { expect, test } from 'vitest'
import { budgets, measure, partOf } from '../scripts/size.mjs'

for (const budget of budgets) {
  test(`${budget.name} costs at most ${budget.limit} KiB`, { timeout: 30_000 }, async () => {
    const { gzip } = await measure(budget)
    expect(gzip / 1024, 'KiB, gzipped: npm run size shows what each part costs').toBeLessThanOrEqual(budget.limit)
  })
}

test('whoever does not ask for schemas does not pay for zod', { timeout: 30_000 }, async () => {
  const free = budgets.filter((budget) => budget.limit < 20)
  for (const budget of free) {
    const { modules } = await measure(budget)
    expect(modules.map(({ file }) => partOf(file))).not.toContain('zod')
  }
})

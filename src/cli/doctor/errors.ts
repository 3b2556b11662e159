import { statusesOf } from '../../server/mint-error.ts'
import type { Answer } from './endpoint.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import { holdsKey } from './keys.ts'
import type { Key } from './keys.ts'

/** Traces of Node, of Python, and paths of packages. */
const trace = /\bat .{1,200}:\d+:\d+|Traceback \(most recent call last\)|node_modules\/|\bFile ".{1,200}", line \d+/

/** Everything that the endpoint said when it refused. */
export function errorAnswers(answers: readonly Answer[], keys: readonly Key[]): readonly Finding[] {
  const refusals = answers.filter(({ status }) => status >= 400)
  if (refusals.length === 0) return []
  const withText = refusals.filter(({ text }) => text !== '')
  const keyShown = withText.map(({ text }) => holdsKey(text, keys)).find((key) => key !== undefined)
  const traced = withText.find(({ text }) => trace.test(text))
  // HEAD has no body, and a preflight needs none.
  const strange = withText.find((answer) => !isOurs(answer))
  return [
    keyShown !== undefined
      ? problem('leak', `an error answer holds ${keyShown}`)
      : traced
        ? problem('leak', `an error answer (${traced.status}) holds a stack trace or paths of the server`)
        : ok('leak', `${refusals.length} error answers without trace or key`),
    strange
      ? warning('errors', `an error answer (${strange.status}) has no \`error\` from the list that belongs to its status`)
      : ok('errors', 'error answers carry a known code'),
  ]
}

function isOurs({ status, json }: Answer): boolean {
  const code = json?.['error']
  if (typeof code !== 'string' || !Object.hasOwn(statusesOf, code)) return false
  const statuses: readonly number[] = statusesOf[code as keyof typeof statusesOf]
  return statuses.includes(status)
}

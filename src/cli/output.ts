import { advice } from './doctor/advice.ts'
import type { Finding, Level } from './doctor/finding.ts'

/** What the doctor found, with nothing in it that may not be shown. */
export interface Report {
  readonly findings: readonly Finding[]
  /** Requests that the endpoint got. */
  readonly requests: number
}

const docs = 'https://github.com/heartwire/heartwire/blob/main/docs/cli.md'
const docsOf = ({ id }: Finding): string => `${docs}#${id}`

const count = ({ findings }: Report, wanted: Level): number => findings.filter(({ level }) => level === wanted).length
const plural = (many: number, word: string): string => `${many} ${word}${many === 1 ? '' : 's'}`

/** For people: what is right in one line each, and everything else with its reason and its remedy. */
export function asText(report: Report): string {
  const blocks = report.findings.map((finding) => {
    const line = `${finding.level.padEnd(8)} ${finding.id}: ${finding.seen}\n`
    if (finding.level === 'ok') return line
    const { why, fix } = advice[finding.id]
    return `${line}         why: ${why}\n         fix: ${fix}\n         ${docsOf(finding)}\n`
  })
  const tally = `${plural(count(report, 'problem'), 'problem')}, ${plural(count(report, 'warning'), 'warning')}, ${count(report, 'ok')} ok`
  return `${blocks.join('')}\n${tally}; ${plural(report.requests, 'request')}\n`
}

/** For programs: one object. */
export function asJson(report: Report): string {
  const findings = report.findings.map((finding) => ({
    ...finding,
    ...(finding.level !== 'ok' && { ...advice[finding.id], docs: docsOf(finding) }),
  }))
  const summary = { problems: count(report, 'problem'), warnings: count(report, 'warning'), requests: report.requests }
  return `${JSON.stringify({ ...summary, findings }, null, 2)}\n`
}

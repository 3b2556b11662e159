import type { Answer, Endpoint } from './endpoint.ts'
import { spoken } from './endpoint.ts'
import type { Failure } from './failure.ts'
import { ok, problem } from './finding.ts'
import type { Finding } from './finding.ts'

/** An answer with a token in it: what the other checks start from. */
export type Grant = Answer & { readonly token: string }

/** The request of a page, and what stands in the way of a token. The other checks make sense only with a grant. */
export async function firstAnswer(endpoint: Endpoint): Promise<{ findings: readonly Finding[]; grant: Grant | undefined }> {
  const answer = await endpoint.ask()
  if (isGrant(answer)) return { findings: [ok('token', `POST answered ${answer.status} with a token`), contentType(answer)], grant: answer }
  return { findings: [obstacle(answer, endpoint)], grant: undefined }
}

const isGrant = (answer: Answer | Failure): answer is Grant => answer.is === 'answer' && answer.token !== undefined && answer.token !== ''

function obstacle(answer: Answer | Failure, endpoint: Endpoint): Finding {
  if (answer.is === 'failure') return problem('reach', answer.how)
  const { status, headers, text } = answer
  if (status >= 300 && status < 400) return problem('redirect', `POST answered ${status}, a redirect to ${whereTo(headers, endpoint.url)}`)
  if (/html/i.test(headers.get('content-type') ?? '') || /^\s*<(!doctype|html)/i.test(text)) {
    return problem('html', `POST answered ${status} with an HTML page`)
  }
  if (status < 200 || status > 299) {
    const hint = status === 401 && !endpoint.known ? '; pass what says who asks with --header' : ''
    return problem('token', `POST answered ${spoken(answer)}${hint}`)
  }
  return problem(
    'token',
    answer.json ? `POST answered ${status} without a text in access_token` : `POST answered ${status} with a body that is no JSON object`,
  )
}

function contentType({ headers }: Answer): Finding {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const good = type !== undefined && /^application\/([\w.-]+\+)?json$/.test(type)
  return good
    ? ok('content-type', type)
    : problem('content-type', type === undefined ? 'there is no content type' : `the content type is ${type.slice(0, 60)}`)
}

/** Without the query, which may hold a session. */
function whereTo(headers: Headers, from: URL): string {
  const location = headers.get('location') ?? ''
  if (!URL.canParse(location, from)) return 'nowhere'
  const { origin, pathname } = new URL(location, from)
  return origin + pathname
}

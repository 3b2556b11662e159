/** bitHuman's error codes with their HTTP status (docs, errors page). `ACCOUNT_SUSPENDED` is 403 on token endpoints. */
const statuses = {
  VALIDATION_ERROR: 400,
  MISSING_PARAM: 400,
  MISSING_AUTH: 401,
  UNAUTHORIZED: 401,
  INSUFFICIENT_BALANCE: 402,
  ACCOUNT_SUSPENDED: 401,
  RUNTIME_SUSPENDED: 403,
  CONCURRENCY_LIMIT_REACHED: 403,
  PLAN_REQUIRED: 403,
  NOT_FOUND: 404,
  MODEL_NOT_GENERATED: 409,
  ENDPOINT_RETIRED: 410,
  RATE_LIMITED: 429,
  SESSION_LIMIT: 429,
  INTERNAL_ERROR: 500,
  NO_AVAILABLE_WORKERS: 503,
  SERVICE_UNAVAILABLE: 503,
} as const

export type BithumanCode = keyof typeof statuses

/** The code that bitHuman would give for a status, where nobody says which. */
export function codeFor(status: number): BithumanCode {
  if (status === 403) return 'RUNTIME_SUSPENDED'
  const codes = Object.keys(statuses) as BithumanCode[]
  return codes.find((code) => statuses[code] === status && code !== 'MISSING_AUTH') ?? 'INTERNAL_ERROR'
}

/** bitHuman's error envelope: HTTP status, `status_code` and `httpStatus` are always the same number. */
export function refuse(code: BithumanCode, message: string, options: { status?: number; headers?: Record<string, string> } = {}): Response {
  const status = options.status ?? statuses[code]
  const body = { error: { code, message, httpStatus: status }, status: 'error', status_code: status }
  return Response.json(body, { status, headers: options.headers ?? {} })
}

/** bitHuman's success envelope around `data`. */
export const grant = (data: object): Response => Response.json({ data, status: 'success', status_code: 200 })

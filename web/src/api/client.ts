/**
 * The API, typed by its own document; and its refusals, as values that people can be told.
 *
 * What does not live here: what is done with an answer.
 */
import createClient from 'openapi-fetch'
import type { components, paths } from '../../../clients/typescript/api'

export const api = createClient<paths>({ baseUrl: '/api/v1' })

type ProblemBody = components['schemas']['Problem']

/** Status where nothing answered at all. */
export const UNREACHABLE = 0

/** A refusal (RFC 9457): `kind` is the last part of its type, `status` that of HTTP. */
export class Problem extends Error {
  readonly status: number
  readonly kind: string

  constructor(status: number, kind: string, detail: string) {
    super(detail)
    this.status = status
    this.kind = kind
  }
}

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of an answer. Throws a `Problem`. */
export async function got<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answered(asked)
  if (!response.ok) throw problemOf(response.status, error)
  return data as T
}

/** Waits for an answer that has no body. Throws a `Problem`. */
export async function done(asked: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await answered(asked)
  if (!response.ok) throw problemOf(response.status, error)
}

async function answered<T>(asked: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await asked
  } catch {
    throw new Problem(UNREACHABLE, 'unreachable', 'The server cannot be reached.')
  }
}

function problemOf(status: number, body: unknown): Problem {
  const told = (typeof body === 'object' && body !== null ? body : {}) as Partial<ProblemBody>
  const kind = told.type?.split(':').at(-1) ?? 'unknown'
  return new Problem(status, kind, sentence(told.detail ?? told.title ?? `HTTP ${status}`))
}

function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`
  return whole.charAt(0).toUpperCase() + whole.slice(1)
}

/** What to tell a person about anything that was thrown. */
export function toldOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

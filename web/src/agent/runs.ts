/** Runs in words: what can be asked for, how a run goes, why it ended, what it cost. Pure. */
import type { Message, NewRun, Run, RunReason, RunTarget, RunTask } from '../api/types'
import type { Focus } from '../live/Attention'

/** The model that the server brings along, for those who have no key. */
const SMALL_MODEL = 'SmolLM2-135M'
const MOST_TARGETS = 50

export const TASKS: readonly { task: RunTask; title: string; hint: string }[] = [
  { task: 'free', title: 'Answer or improve', hint: 'Answers, and proposes changes to texts.' },
  { task: 'plan', title: 'Write the plan', hint: 'Writes all sections of a plan.' },
  { task: 'sections', title: 'Add sections', hint: 'Writes the sections that you ask for.' },
  { task: 'graph', title: 'Draw on the board', hint: 'Adds nodes and edges to the board.' },
  { task: 'diagram', title: 'Draw a diagram', hint: 'Adds a Mermaid diagram.' },
]

export const DIAGRAMS = [
  'flowchart',
  'sequence',
  'mindmap',
  'gantt',
  'state',
  'timeline',
] as const satisfies readonly NewRun['diagram'][]

export function isBusy(run: Run): boolean {
  return run.status === 'queued' || run.status === 'running'
}

export function isSmall(run: Run): boolean {
  return run.model === SMALL_MODEL
}

/** What a request to the agent is about. Without elements: the project. */
export function targetOf({ elements, span }: Focus): RunTarget | null {
  if (elements.length === 0) return null
  const range = span && { start: span.start, end: span.end }
  return {
    elements: elements.slice(0, MOST_TARGETS).map(({ kind, id }) => ({ kind, id })),
    span: range,
  }
}

/** How a run goes, in a few words. */
export function standingOf(run: Run): string {
  if (run.reverted_at !== null) return 'Reverted'
  if (run.cancelling && isBusy(run)) return 'Stopping…'
  switch (run.status) {
    case 'queued':
      return 'Waiting for its turn…'
    case 'running':
      return run.characters + run.written_elements === 0 ? 'Thinking…' : 'Writing…'
    case 'waiting':
      return 'Waits for your word on its proposals'
    case 'done':
      return 'Done'
    case 'cancelled':
      return 'Cancelled'
    case 'failed':
      return run.reason === null ? 'Failed' : REASONS[run.reason]
  }
}

/** Why a run was not done, as a heading; the server tells what can be done about it. */
const REASONS: Record<RunReason, string> = {
  'no-model': 'No model is set up',
  'bad-key': 'The API key is not accepted',
  'no-quota': 'The account has no credit left',
  'rate-limited': 'Too many requests at the moment',
  refused: 'The model declined',
  'too-long': 'Too much to read at once',
  truncated: 'The answer was cut off',
  'answer-too-long': 'The answer became too long',
  stalled: 'The model fell silent',
  disconnected: 'The connection to the model broke',
  nonsense: 'The answer made no sense',
  unavailable: 'The model cannot be reached',
  rejected: 'The provider rejects our requests',
  'over-budget': 'The budget is used up',
  'lost-rights': 'Who asked may not write here any more',
  interrupted: 'Interrupted too often',
  room: 'The project could not be written to',
  cancelled: 'Cancelled',
  internal: 'Something is wrong with the agent',
}

const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 4 })

/** What came of a run so far: words written, things made. */
export function yieldOf(run: Run): string {
  const parts: string[] = []
  if (run.written_elements > 0) parts.push(counted(run.written_elements, 'element'))
  if (run.characters > 0) parts.push(counted(run.characters, 'character'))
  return parts.join(', ')
}

/** What a run has used; empty where no model was asked. */
export function usageOf({ usage }: Run): string {
  const tokens = usage.input_tokens + usage.output_tokens
  if (tokens === 0) return ''
  const about = usage.estimated ? 'about ' : ''
  const cost = usage.cost > 0 ? `, cost ${about}${numbers.format(usage.cost)}` : ''
  return `${about}${counted(tokens, 'token')}${cost}`
}

function counted(count: number, thing: string): string {
  return `${numbers.format(count)} ${thing}${count === 1 ? '' : 's'}`
}

/** One request with what came of it. */
export interface Turn {
  run: Run
  /** What the agent said; empty until it has. */
  said: string
}

/** The conversation, oldest first. `runs` come newest first, as the API lists them. */
export function turnsOf(runs: readonly Run[], messages: readonly Message[]): Turn[] {
  const said = new Map(
    messages.filter((one) => one.speaker === 'agent').map((one) => [one.run, one.text]),
  )
  return runs.toReversed().map((run) => ({ run, said: said.get(run.id) ?? '' }))
}

/** `changed` in the place of what was known of that run, or as the newest. */
export function withRun(runs: readonly Run[], changed: Run): Run[] {
  if (!runs.some((one) => one.id === changed.id)) return [changed, ...runs]
  return runs.map((one) => (one.id === changed.id ? changed : one))
}

/** Runs that are said to wait for people's word, and have it. */
export function decided(runs: readonly Run[], open: readonly { run: string }[]): string[] {
  const awaited = new Set(open.map((one) => one.run))
  return runs.filter((run) => run.status === 'waiting' && !awaited.has(run.id)).map((run) => run.id)
}

/** A title for a project that begins with a prompt. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().split('\n', 1)[0] ?? ''
  const words =
    line.replace(/^(please\s+)?(write|make|draft|create)\s+(me\s+)?/i, '').trim() || line
  const title = words.length <= 60 ? words : `${words.slice(0, 60).replace(/\s+\S*$/, '')}…`
  return title.charAt(0).toUpperCase() + title.slice(1)
}

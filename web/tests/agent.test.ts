/** Runs in words, what a question is about, and what a proposal would change. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { differenceOf } from '../src/agent/difference'
import {
  decided,
  isBusy,
  standingOf,
  targetOf,
  titleOf,
  turnsOf,
  usageOf,
  withRun,
  yieldOf,
} from '../src/agent/runs'
import type { Message, Run } from '../src/api/types'
import { readProposal } from '../src/document/proposals'
import { Attention, spanOf } from '../src/live/Attention'

const RUN: Run = {
  id: 'r1',
  task: 'plan',
  prompt: 'A plan',
  elements: [],
  status: 'running',
  reason: null,
  told: '',
  user_id: 'u',
  user_name: 'Ada',
  model: 'gpt-test',
  attempt: 1,
  cancelling: false,
  usage: { input_tokens: 0, output_tokens: 0, cost: 0, estimated: false },
  characters: 0,
  written_elements: 0,
  created_at: '2026-01-01T00:00:00Z',
  started_at: null,
  ended_at: null,
  reverted_at: null,
}

describe('a run in words', () => {
  it.each([
    [{ status: 'queued' }, 'Waiting for its turn…'],
    [{}, 'Thinking…'],
    [{ characters: 3 }, 'Writing…'],
    [{ cancelling: true }, 'Stopping…'],
    [{ status: 'waiting' }, 'Waits for your word on its proposals'],
    [{ status: 'failed', reason: 'no-quota' }, 'The account has no credit left'],
    [{ status: 'failed' }, 'Failed'],
    [{ status: 'cancelled', cancelling: true }, 'Cancelled'],
    [{ status: 'done', reverted_at: '2026-01-02T00:00:00Z' }, 'Reverted'],
  ] as [Partial<Run>, string][])('%j is %j', (change, words) => {
    expect(standingOf({ ...RUN, ...change })).toBe(words)
  })

  it('is busy until nobody works on it', () => {
    const statuses: Run['status'][] = ['queued', 'running', 'waiting', 'done']
    expect(statuses.map((status) => isBusy({ ...RUN, status }))).toEqual([true, true, false, false])
  })

  it('tells what it made and what it cost, and what is only estimated', () => {
    const usage = { input_tokens: 1200, output_tokens: 34, cost: 0.00125, estimated: false }
    expect(usageOf({ ...RUN, usage })).toBe('1,234 tokens, cost 0.0013')
    expect(usageOf({ ...RUN, usage: { ...usage, cost: 0, estimated: true } })).toBe(
      'about 1,234 tokens',
    )
    expect(usageOf(RUN)).toBe('')
    expect(yieldOf({ ...RUN, written_elements: 1, characters: 20 })).toBe(
      '1 element, 20 characters',
    )
  })
})

describe('the conversation', () => {
  const message = (run: string, speaker: Message['speaker'], text: string): Message => {
    return { number: 1, speaker, user_id: null, user_name: null, run, text, at: RUN.created_at }
  }

  it('has each request with its own answer, the oldest first', () => {
    const runs = [{ ...RUN, id: 'r2' }, RUN]
    const said = [message('r1', 'person', 'A plan'), message('r1', 'agent', 'Here.')]
    expect(turnsOf(runs, said).map(({ run, said }) => [run.id, said])).toEqual([
      ['r1', 'Here.'],
      ['r2', ''],
    ])
  })

  it('takes news of a run in the place of what was known, and a new one as the newest', () => {
    const done: Run = { ...RUN, status: 'done' }
    expect(withRun([RUN], done)).toEqual([done])
    expect(withRun([RUN], { ...RUN, id: 'r2' }).map((run) => run.id)).toEqual(['r2', 'r1'])
  })
})

describe('a run that waits', () => {
  it('is asked about once all its proposals are decided', () => {
    const waiting: Run = { ...RUN, status: 'waiting' }
    expect(decided([waiting, { ...RUN, id: 'r2' }], [])).toEqual(['r1'])
    expect(decided([waiting], [{ run: 'r1' }])).toEqual([])
  })
})

describe('what a question is about', () => {
  it('counts a range in code points', () => {
    expect(spanOf('🚲 and 🚲s', 3, 9)).toEqual({ start: 2, end: 7, text: 'and 🚲' })
  })

  it('is the project, or elements and a range of the first', () => {
    const attention = new Attention()
    expect(targetOf(attention.focus())).toBeNull()
    const span = { start: 1, end: 2, text: 'x' }
    attention.turnTo([{ kind: 'section', id: 's' }], span)
    expect(targetOf(attention.focus())).toEqual({
      elements: [{ kind: 'section', id: 's' }],
      span: { start: 1, end: 2 },
    })
    attention.rest()
    expect(targetOf(attention.focus())).toBeNull()
  })

  it('is of no more elements than the server takes', () => {
    const attention = new Attention()
    attention.turnTo(Array.from({ length: 80 }, (_, id) => ({ kind: 'node', id: `${id}` })))
    expect(targetOf(attention.focus())?.elements).toHaveLength(50)
  })
})

describe('a proposal', () => {
  it('shows what goes and what comes, and little of what stays', () => {
    const long = 'word '.repeat(100)
    const pieces = differenceOf('replace', `${long}old end`, `${long}new end`)
    expect(pieces.map((one) => one.change)).toEqual(['same', 'delete', 'insert', 'same'])
    expect(pieces[0]?.text.length).toBeLessThan(long.length)
    expect(pieces.slice(1).map((one) => one.text)).toEqual(['old', 'new', ' end'])
  })

  it('adds at the end, whatever the text was', () => {
    expect(differenceOf('append', 'base', 'more')).toEqual([{ change: 'insert', text: 'more' }])
  })

  it('is read only if it is well-formed', () => {
    const root = new Y.Doc().getMap<Y.Map<unknown>>('proposals')
    const fields = { run: 'r', root: 'plan', element: 's', how: 'append', status: 'open' }
    const put = (id: string, more: Record<string, unknown>) =>
      root.set(id, new Y.Map(Object.entries({ ...fields, ...more })))
    put('good', { base: new Y.Text(), text: new Y.Text('more') })
    put('how', { base: new Y.Text(), text: new Y.Text(), how: 'burn' })
    put('root', { base: new Y.Text(), text: new Y.Text(), root: 'toString' })
    put('text', { base: new Y.Text(), text: 'more' })
    const read = [...root.keys()].filter((id) => readProposal(id, root.get(id)))
    expect(read).toEqual(['good'])
    expect(readProposal('good', root.get('good'))).toMatchObject({ kind: 'section', isOpen: true })
  })
})

describe('the title of a project that begins with a prompt', () => {
  it.each([
    ['Write a plan for a bicycle repair café', 'A plan for a bicycle repair café'],
    ['bakery\nwith a cargo bike', 'Bakery'],
    ['x'.repeat(90), `${'X'}${'x'.repeat(59)}…`],
  ])('of %j is %j', (prompt, title) => {
    expect(titleOf(prompt)).toBe(title)
  })
})

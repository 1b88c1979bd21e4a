/** Saved is said only of what the server has confirmed (SES-4). */
import { describe, expect, it } from 'vitest'
import * as saving from '../src/live/saving'
import { indicationOf, type Status, wordsOf } from '../src/live/status'

const WELL: Status = { synced: true, unsaved: false, trouble: null, refusal: null }

describe('the ledger', () => {
  it('is unsaved from the edit until its mark comes back', () => {
    const sent = saving.marked(saving.edited(saving.opened(false)))
    expect(sent.unsaved).toBe(true)
    expect(saving.confirmed(sent, sent.made).unsaved).toBe(false)
  })

  it('is not saved by the mark of an earlier edit', () => {
    const first = saving.marked(saving.edited(saving.opened(false)))
    const second = saving.edited(first)
    expect(saving.confirmed(second, first.made).unsaved).toBe(true)
    const both = saving.marked(second)
    expect(saving.confirmed(both, first.made).unsaved).toBe(true)
    expect(saving.confirmed(both, both.made).unsaved).toBe(false)
  })

  it('expects nothing of a connection that is gone', () => {
    const parted = saving.parted(saving.marked(saving.edited(saving.opened(false))))
    expect(saving.confirmed(parted, parted.made).unsaved).toBe(true)
  })

  it('remembers what was unsaved when the browser was closed, until it is confirmed', () => {
    const reopened = saving.marked(saving.opened(true))
    expect(reopened.unsaved).toBe(true)
    expect(saving.confirmed(reopened, reopened.made).unsaved).toBe(false)
  })
})

describe('the indicator', () => {
  it.each([
    ['saved', {}],
    ['saving', { unsaved: true }],
    ['connecting', { synced: false }],
    ['offline', { synced: false, trouble: { kind: 'offline' as const } }],
    ['refused', { unsaved: true, refusal: 'your role is now viewer' }],
    ['saved', { refusal: 'your role is now viewer' }],
  ])('says %s', (indication, change) => {
    expect(indicationOf({ ...WELL, ...change })).toBe(indication)
  })

  it('says where offline edits are', () => {
    const status: Status = { ...WELL, unsaved: true, synced: false, trouble: { kind: 'offline' } }
    expect(wordsOf(status)).toContain('kept in this browser')
  })
})

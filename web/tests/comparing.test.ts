/** What became of a project between two of its states. */
import { expect, it } from 'vitest'
import type { Content } from '../src/api/types'
import { differencesBetween } from '../src/history/comparing'

const node = (id: string, label: string, x = 0, content = '') => ({ id, label, x, y: 0, content })
const state = (...nodes: object[]) =>
  ({ seq: 1, nodes, edges: [], plan: [], diagrams: [] }) as unknown as Content

it('tells what came, went, changed and moved, and nothing of what stayed', () => {
  const before = state(node('a', 'A'), node('b', 'B'), node('c', 'C'), node('d', 'D'))
  const after = state(node('b', 'B2', 8), node('c', 'C', 8), node('d', 'D'), node('e', 'E'))
  const found = differencesBetween(before, after)
  expect(found.map(({ id, change, moved }) => [id, change, moved])).toEqual([
    ['a', 'removed', false],
    ['b', 'changed', true],
    ['c', 'moved', true],
    ['e', 'added', false],
  ])
  expect(found[1]?.fields).toEqual([{ name: 'label', before: 'B', after: 'B2' }])
})

it('tells which words of a text came and went', () => {
  const [found] = differencesBetween(
    state(node('a', 'A', 0, 'warm bread')),
    state(node('a', 'A', 0, 'cold bread')),
  )
  expect(found?.text).toEqual([
    { change: 'delete', text: 'warm' },
    { change: 'insert', text: 'cold' },
    { change: 'keep', text: ' bread' },
  ])
})

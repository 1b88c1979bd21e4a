/** Sections keep one order for everybody, and moving one changes one. */
import { describe, expect, it } from 'vitest'
import { ElementStore } from '../src/document/ElementStore'
import type { ProjectDocument } from '../src/document/project'
import {
  addSection,
  addSections,
  inOrder,
  moveSection,
  rankBetween,
  readSection,
} from '../src/document/sections'
import { emptyProject, exchange } from './documents'

function order(project: ProjectDocument) {
  const store = new ElementStore(project.plan, readSection)
  return inOrder(store.all())
}

const titles = (project: ProjectDocument) => order(project).map((one) => one.title)

describe('sections', () => {
  it('come in the order in which an outline gives them', () => {
    const project = emptyProject(1)
    addSections(project, ['a', 'b', 'c'])
    expect(titles(project)).toEqual(['a', 'b', 'c'])
  })

  it.each([
    [0, ['c', 'a', 'b']],
    [1, ['a', 'c', 'b']],
    [2, ['a', 'b', 'c']],
  ])('can be moved to place %i', (index, expected) => {
    const project = emptyProject(1)
    addSections(project, ['a', 'b', 'c'])
    const before = order(project)
    moveSection(project, before, before[2]?.id ?? '', index)
    expect(titles(project)).toEqual(expected)
  })

  it('change one rank for one move', () => {
    const project = emptyProject(1)
    addSections(project, ['a', 'b', 'c'])
    const before = order(project)
    moveSection(project, before, before[2]?.id ?? '', 0)
    const moved = order(project).filter((one) => !before.some((old) => old.rank === one.rank))
    expect(moved.map((one) => one.title)).toEqual(['c'])
  })

  it('find room between two of the same rank, as two people make them at once', () => {
    const [ada, grace] = [emptyProject(1), emptyProject(2)]
    addSection(ada, [], 0, { title: 'ada' })
    addSection(grace, [], 0, { title: 'grace' })
    exchange(ada, grace)
    expect(titles(ada)).toEqual(titles(grace))
    addSection(ada, order(ada), 1, { title: 'between' })
    expect(titles(ada)[1]).toBe('between')
  })

  it('have no room where a neighbour has a rank that is none', () => {
    expect(rankBetween('not a rank!', null)).toBeNull()
    expect(rankBetween('a1', 'a1')).toBeNull()
    expect(rankBetween('a0', 'a1')).not.toBeNull()
  })
})

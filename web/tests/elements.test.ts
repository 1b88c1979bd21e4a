/** Elements are read totally, heard of exactly, and changed as the schema asks. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { ElementStore } from '../src/document/ElementStore'
import { addEdge, readEdge } from '../src/document/edges'
import {
  addNode,
  changeNode,
  contentOf,
  moveNodes,
  readNode,
  removeElements,
} from '../src/document/nodes'
import { undoOf } from '../src/document/project'
import { emptyProject, exchange } from './documents'

const NOTE = { label: 'Bread', kind: 'note', x: 0, y: 0, content: 'Fresh' }

describe('a store of elements', () => {
  it('wakes who shows the element that changed, and nobody else', () => {
    const project = emptyProject(1)
    const [bread, oven] = [addNode(project, NOTE), addNode(project, { ...NOTE, label: 'Oven' })]
    const store = new ElementStore(project.nodes, readNode)
    const heard: string[] = []
    store.subscribeTo(bread, () => heard.push('bread'))
    store.subscribeTo(oven, () => heard.push('oven'))
    contentOf(project, bread)?.insert(0, 'Very ')
    expect(heard).toEqual(['bread'])
    expect(store.get(bread)?.content).toBe('Very Fresh')
  })

  it('keeps the objects of elements that did not change', () => {
    const project = emptyProject(1)
    const [bread, oven] = [addNode(project, NOTE), addNode(project, NOTE)]
    const store = new ElementStore(project.nodes, readNode)
    const before = store.get(oven)
    changeNode(project, bread, { label: 'Rolls' })
    expect(store.get(oven)).toBe(before)
    expect(store.all()).toHaveLength(2)
  })

  it('skips what is malformed, and shows it once it is well', () => {
    const project = emptyProject(1)
    const broken = new Y.Map<unknown>([['label', 7]])
    project.nodes.set('broken', broken)
    project.nodes.set('text', new Y.Text('no map') as never)
    const store = new ElementStore(project.nodes, readNode)
    expect(store.all()).toEqual([])
    for (const [name, value] of Object.entries({ ...NOTE, content: new Y.Text() }))
      broken.set(name, value)
    expect(store.all().map((node) => node.id)).toEqual(['broken'])
  })

  it('refuses numbers that are no places', () => {
    const project = emptyProject(1)
    const id = addNode(project, { ...NOTE, x: Number.NaN })
    expect(readNode(id, project.nodes.get(id))).toBeNull()
  })
})

describe('changes', () => {
  it('do not bring back a node that somebody else has deleted meanwhile', () => {
    const [ada, grace] = [emptyProject(1), emptyProject(2)]
    const id = addNode(ada, NOTE)
    exchange(ada, grace)
    removeElements(ada, [id], [])
    changeNode(grace, id, { label: 'Rolls' })
    moveNodes(grace, [{ id, x: 5, y: 5 }])
    exchange(ada, grace)
    expect([ada.nodes.size, grace.nodes.size]).toEqual([0, 0])
  })

  it('delete a node with its edges in one transaction, and undo brings both back', () => {
    const project = emptyProject(1)
    const [bread, oven, shop] = [
      addNode(project, NOTE),
      addNode(project, NOTE),
      addNode(project, NOTE),
    ]
    addEdge(project, { source: bread, target: oven, label: '' })
    addEdge(project, { source: oven, target: shop, label: 'stays' })
    const undo = undoOf([project.nodes, project.edges])
    let transactions = 0
    project.doc.on('afterTransaction', () => {
      transactions += 1
    })
    removeElements(project, [bread], [])
    expect(transactions).toBe(1)
    const left = [...project.edges].map(([id, edge]) => readEdge(id, edge)?.label)
    expect([project.nodes.size, left]).toEqual([2, ['stays']])
    undo.undo()
    expect([project.nodes.size, project.edges.size]).toEqual([3, 2])
  })

  it('write nothing where nothing differs', () => {
    const project = emptyProject(1)
    const id = addNode(project, NOTE)
    let updates = 0
    project.doc.on('update', () => {
      updates += 1
    })
    moveNodes(project, [{ id, x: 0.2, y: 0 }])
    changeNode(project, id, { label: 'Bread' })
    expect(updates).toBe(0)
  })

  it('are undone one person at a time', () => {
    const [ada, grace] = [emptyProject(1), emptyProject(2)]
    const undo = undoOf([ada.nodes, ada.edges])
    const mine = addNode(ada, NOTE)
    exchange(ada, grace)
    const theirs = addNode(grace, NOTE)
    exchange(ada, grace)
    undo.undo()
    expect([ada.nodes.has(mine), ada.nodes.has(theirs)]).toEqual([false, true])
    expect(undo.canUndo()).toBe(false)
  })
})

/** What is copied comes back as it was; edges leave cards where they should. */
import { Position } from '@xyflow/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as Y from 'yjs'
import { BoardModel } from '../src/board/BoardModel'
import { clip, movedTo, unclip } from '../src/board/clipping'
import { anchors } from '../src/board/geometry'
import { arranged } from '../src/board/layout'
import { ElementStore } from '../src/document/ElementStore'
import { readEdge } from '../src/document/edges'
import { readNode } from '../src/document/nodes'
import type { LiveProject } from '../src/live/LiveProject'
import { emptyProject } from './documents'

const node = (id: string, x = 0, y = 0) => ({ id, label: id, kind: 'note', x, y, content: '' })
const edge = (source: string, target: string) => ({
  id: source + target,
  source,
  target,
  label: '',
})

describe('a clipping', () => {
  it('holds the selected nodes and the edges between them', () => {
    const all = {
      nodes: [node('a'), node('b'), node('c')],
      edges: [edge('a', 'b'), edge('b', 'c')],
    }
    const clipping = clip(all, new Set(['a', 'b']))
    expect(clipping.nodes.map((one) => one.id)).toEqual(['a', 'b'])
    expect(clipping.edges.map((one) => one.id)).toEqual(['ab'])
  })

  it('survives the clipboard', () => {
    const clipping = { nodes: [node('a', 1, 2)], edges: [] }
    expect(unclip(JSON.stringify(clipping), '')).toEqual(clipping)
  })

  it.each(['', '{', '{"nodes": 3}', '{"nodes":[{"id":1}],"edges":[]}', 'null'])(
    'is not made of %j',
    (json) => expect(unclip(json, '')).toBeNull(),
  )

  it('makes a node of each line of somebody’s text', () => {
    const found = unclip('', 'Bread\n\n  Oven \n')
    expect(found?.nodes.map((one) => one.label)).toEqual(['Bread', 'Oven'])
  })

  it('is put with its middle where it is wanted', () => {
    const { nodes } = movedTo(
      { nodes: [node('a', 0, 0), node('b', 100, 40)], edges: [] },
      { x: 0, y: 0 },
    )
    expect(nodes.map(({ x, y }) => [x, y])).toEqual([
      [-50, -20],
      [50, 20],
    ])
  })
})

describe('an edge', () => {
  it.each([
    [{ x: 400, y: 0 }, Position.Right, Position.Left],
    [{ x: -400, y: 20 }, Position.Left, Position.Right],
    [{ x: 30, y: 300 }, Position.Bottom, Position.Top],
    [{ x: 0, y: -300 }, Position.Top, Position.Bottom],
  ])('to %j leaves on the side that faces it', (target, from, to) => {
    const found = anchors({ x: 0, y: 0 }, target)
    expect([found.sourcePosition, found.targetPosition]).toEqual([from, to])
  })
})

describe('the layout', () => {
  it('puts a target below its source, and nothing on anything', () => {
    const nodes = [node('a'), node('b'), node('c')]
    const places = arranged(nodes, [edge('a', 'b'), edge('a', 'c'), edge('gone', 'a')])
    const [a, b, c] = ['a', 'b', 'c'].map((id) => places.find((one) => one.id === id))
    expect(a && b && c && a.y < b.y && b.y === c.y && Math.abs(b.x - c.x) >= 224).toBe(true)
  })
})

describe('what moves', () => {
  /** A board of three nodes in a row and the edges between them, without a network. */
  function board() {
    const project = emptyProject(1)
    for (const id of ['a', 'b', 'c']) project.nodes.set(id, element(node(id)))
    for (const one of [edge('a', 'b'), edge('b', 'c')]) {
      project.edges.set(one.id, new Y.Map<unknown>(Object.entries(one)))
    }
    const nodes = new ElementStore(project.nodes, readNode)
    const edges = new ElementStore(project.edges, readEdge)
    const model = new BoardModel({ document: project, nodes, edges } as unknown as LiveProject)
    const [told, moved] = [vi.fn(), vi.fn()]
    model.subscribe(told)
    model.subscribeToMovement(moved)
    return { project, model, told, moved }
  }

  function element({ content, id: _, ...fields }: ReturnType<typeof node>): Y.Map<unknown> {
    const made = new Y.Map<unknown>(Object.entries(fields))
    made.set('content', new Y.Text(content))
    return made
  }

  const drag = (x: number, dragging = true) => [
    { type: 'position' as const, id: 'b', position: { x, y: 0 }, dragging },
  ]

  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('concerns its own card and edges, not React, until it is dropped', () => {
    const { project, model, told } = board()
    const before = model.picture()
    const [own, other] = [vi.fn(), vi.fn()]
    model.follow('b', own)
    model.follow('a', other)
    for (const x of [8, 16, 24]) {
      model.changeNodes(drag(x))
      vi.advanceTimersByTime(60)
    }
    vi.advanceTimersByTime(60_000) // However long it is held.
    expect(project.nodes.get('b')?.get('x')).toBe(24)
    expect(own).toHaveBeenLastCalledWith({ x: 24, y: 0 })
    expect(model.edges().map(({ source, target }) => [source.x, target.x])).toEqual([
      [0, 24],
      [24, 0],
    ])
    expect(other).not.toHaveBeenCalled()
    expect(told).not.toHaveBeenCalled()
    expect(model.picture()).toBe(before)
    model.changeNodes(drag(32, false))
    expect(told).toHaveBeenCalledOnce()
    expect(model.picture().nodes.map((one) => one.position.x)).toEqual([0, 32, 0])
    expect(model.picture().nodes[0]).toBe(before.nodes[0])
  })

  it('is followed in the hands of a colleague, and told to React once it rests', () => {
    const { project, model, told, moved } = board()
    const card = vi.fn()
    model.follow('b', card)
    for (const x of [10, 20, 30]) {
      project.nodes.get('b')?.set('x', x)
      vi.advanceTimersByTime(60)
    }
    expect(card.mock.calls).toEqual([10, 20, 30].map((x) => [{ x, y: 0 }]))
    expect(moved).toHaveBeenCalledTimes(3)
    expect(told).not.toHaveBeenCalled()
    vi.advanceTimersByTime(500)
    expect(told).toHaveBeenCalledOnce()
    expect(model.picture().nodes[1]?.position).toEqual({ x: 30, y: 0 })
  })

  it('is where it is, for a card that comes into view meanwhile', () => {
    const { model } = board()
    model.changeNodes(drag(8))
    const card = vi.fn()
    model.follow('b', card)
    expect(card).toHaveBeenCalledWith({ x: 8, y: 0 })
  })
})

/** What is copied comes back as it was; edges leave cards where they should. */
import { Position } from '@xyflow/react'
import { describe, expect, it } from 'vitest'
import { clip, movedTo, unclip } from '../src/board/clipping'
import { anchors } from '../src/board/geometry'
import { arranged } from '../src/board/layout'

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

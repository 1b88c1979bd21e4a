/**
 * The graph as xyflow wants it: arrays of objects that stay the same while nothing about them
 * changes. What moves, here or in a colleague's hands, is shown at once by its own card and by
 * the edges; xyflow and React, who look at every node, are told when it has come to rest.
 *
 * What does not live here: drawing, keys, and what a node says (NodeCard reads that itself).
 */
import { type Node as FlowNode, type NodeChange, Position, type XYPosition } from '@xyflow/react'
import { moveNodes, type Node } from '../document/nodes'
import type { LiveProject } from '../live/LiveProject'

export const CARD = { width: 224, height: 92 }
/** Between two writes of a drag; milliseconds. */
const WRITE_EVERY = 60
/** Nothing has moved for this long: it is at rest; milliseconds. */
const REST_AFTER = 500

/** An edge as it is drawn: between the corners of two cards. */
export interface DrawnEdge {
  id: string
  label: string
  selected: boolean
  /** Ids of the nodes at its ends, and where these are. */
  ends: readonly [string, string]
  source: XYPosition
  target: XYPosition
}

type Follow = (place: XYPosition) => void

export interface Picture {
  nodes: FlowNode[]
  edges: DrawnEdge[]
  selectedNodes: readonly string[]
  selectedEdges: readonly string[]
}

/** Known beforehand, so that nothing is drawn only to be measured. */
const HANDLES = [
  { id: 't', type: 'source' as const, position: Position.Top, x: CARD.width / 2, y: 0 },
  { id: 'r', type: 'source' as const, position: Position.Right, x: CARD.width, y: CARD.height / 2 },
  {
    id: 'b',
    type: 'source' as const,
    position: Position.Bottom,
    x: CARD.width / 2,
    y: CARD.height,
  },
  { id: 'l', type: 'source' as const, position: Position.Left, x: 0, y: CARD.height / 2 },
]

export class BoardModel {
  readonly #live: LiveProject
  readonly #listeners = new Set<() => void>()
  readonly #leave: (() => void)[]
  readonly #dragged = new Map<string, XYPosition>()
  /** Where nodes are that the picture shows elsewhere: they move, or have just moved. */
  readonly #moving = new Map<string, XYPosition>()
  readonly #cards = new Map<string, Follow>()
  readonly #movements = new Set<() => void>()
  #selected = new Set<string>()
  #writing: ReturnType<typeof setTimeout> | null = null
  #resting: ReturnType<typeof setTimeout> | undefined
  #nodes = new Map<string, FlowNode>()
  #picture: Picture = { nodes: [], edges: [], selectedNodes: [], selectedEdges: [] }

  constructor(live: LiveProject) {
    this.#live = live
    this.#leave = [live.nodes.subscribe(this.#redraw), live.edges.subscribe(this.#redraw)]
    this.#redraw()
  }

  destroy(): void {
    if (this.#writing !== null) this.#write()
    clearTimeout(this.#resting)
    for (const leave of this.#leave) leave()
    this.#live.presence.select([])
    this.#live.attention.rest()
  }

  picture = (): Picture => this.#picture

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called while something moves, and the picture stays. */
  subscribeToMovement = (listener: () => void): (() => void) => {
    this.#movements.add(listener)
    return () => this.#movements.delete(listener)
  }

  /** A card, which is told where its node is while that moves. */
  follow(id: string, card: Follow): () => void {
    this.#cards.set(id, card)
    const place = this.#moving.get(id)
    if (place) card(place)
    return () => this.#cards.delete(id)
  }

  /** The edges as they are now, also those of what moves. */
  edges(): readonly DrawnEdge[] {
    if (this.#moving.size === 0) return this.#picture.edges
    return this.#picture.edges.map((edge) => {
      const [source, target] = edge.ends.map((id) => this.#moving.get(id))
      if (!source && !target) return edge
      return { ...edge, source: source ?? edge.source, target: target ?? edge.target }
    })
  }

  /** Whoever is about to ask xyflow where nodes are does this first. */
  rest = (): void => {
    clearTimeout(this.#resting)
    if (this.#moving.size === 0) return
    for (const [id, position] of this.#moving) {
      const node = this.#nodes.get(id)
      if (node) this.#nodes.set(id, { ...node, position })
    }
    this.#moving.clear()
    this.#redraw()
  }

  /** Selects exactly these nodes and edges. */
  select(ids: readonly string[]): void {
    this.#selected = new Set(ids)
    this.#redraw()
    this.#showSelection()
  }

  changeNodes = (changes: NodeChange[]): void => {
    let isOver = false
    for (const change of changes) {
      if (change.type === 'select') this.#mark(change.id, change.selected)
      if (change.type !== 'position' || !change.position) continue
      this.#dragged.set(change.id, change.position)
      this.#move(change.id, change.position)
      isOver ||= !change.dragging
    }
    if (changes.some((one) => one.type === 'select')) {
      this.#redraw()
      this.#showSelection()
    }
    if (isOver) this.drop()
    else if (this.#dragged.size > 0) this.#writing ??= setTimeout(this.#write, WRITE_EVERY)
  }

  /** Ends a drag: what is shown is written, and from then on others may move it. */
  drop = (): void => {
    this.#write()
    this.#dragged.clear()
    this.rest()
  }

  #mark(id: string, isSelected: boolean): void {
    if (isSelected) this.#selected.add(id)
    else this.#selected.delete(id)
  }

  #move(id: string, place: XYPosition): void {
    this.#moving.set(id, place)
    this.#cards.get(id)?.(place)
    clearTimeout(this.#resting)
    // What is held rests when it is dropped.
    if (this.#dragged.size === 0) this.#resting = setTimeout(this.rest, REST_AFTER)
    for (const listener of this.#movements) listener()
  }

  /** To colleagues, and to whoever asks the agent about it. */
  #showSelection(): void {
    const { nodes, presence, attention } = this.#live
    const ids = [...this.#selected]
    presence.select(ids)
    attention.turnTo(ids.map((id) => ({ kind: nodes.get(id) ? 'node' : 'edge', id })))
  }

  #write = (): void => {
    if (this.#writing !== null) clearTimeout(this.#writing)
    this.#writing = null
    if (this.#dragged.size === 0) return
    moveNodes(
      this.#live.document,
      [...this.#dragged].map(([id, place]) => ({ id, ...place })),
    )
  }

  /** Listeners hear of it only if more has changed than where nodes are. */
  #redraw = (): void => {
    const { nodes, edges } = this.#picture
    const byId = new Map(this.#live.nodes.all().map((node) => [node.id, this.#flowNode(node)]))
    this.#nodes = byId
    const drawn = this.#drawnEdges(byId)
    const chosen = [...this.#selected].filter((id) => byId.has(id))
    const shown = [...byId.values()]
    if (isSame(nodes, shown) && isSame(edges, drawn)) return
    this.#picture = {
      nodes: shown,
      edges: drawn,
      selectedNodes: chosen,
      selectedEdges: drawn.filter((edge) => edge.selected).map((edge) => edge.id),
    }
    for (const listener of this.#listeners) listener()
  }

  #drawnEdges(nodes: Map<string, FlowNode>): DrawnEdge[] {
    const before = new Map(this.#picture.edges.map((edge) => [edge.id, edge]))
    const edges: DrawnEdge[] = []
    for (const { id, label, source, target } of this.#live.edges.all()) {
      const [from, to] = [nodes.get(source)?.position, nodes.get(target)?.position]
      // An edge that has lost an end is hidden: an undo of the deletion brings it back.
      if (!from || !to) continue
      const selected = this.#selected.has(id)
      const ends = [source, target] as const
      const edge = { id, label, selected, ends, source: from, target: to }
      const same = before.get(id)
      edges.push(same && isAlike(same, edge) ? same : edge)
    }
    return edges
  }

  #flowNode(node: Node): FlowNode {
    const before = this.#nodes.get(node.id)
    const { x, y } = this.#dragged.get(node.id) ?? node
    const selected = this.#selected.has(node.id)
    const ariaLabel = node.label || 'Node without a label'
    if (before) {
      const { x: left, y: top } = this.#moving.get(node.id) ?? before.position
      if (left !== x || top !== y) this.#move(node.id, { x, y })
      if (before.selected === selected && before.ariaLabel === ariaLabel) return before
      return { ...before, selected, ariaLabel }
    }
    return {
      id: node.id,
      type: 'card',
      position: { x, y },
      data: {},
      measured: CARD,
      ...CARD,
      handles: HANDLES,
      selected,
      ariaLabel,
    }
  }
}

function isSame<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((element, index) => element === other[index])
}

function isAlike(one: DrawnEdge, other: DrawnEdge): boolean {
  return (
    one.label === other.label &&
    one.selected === other.selected &&
    one.source === other.source &&
    one.target === other.target &&
    one.ends[0] === other.ends[0] &&
    one.ends[1] === other.ends[1]
  )
}

/**
 * The graph as xyflow wants it: arrays of objects that stay the same while nothing about them
 * changes. What is dragged is shown at once and written every few frames.
 *
 * What does not live here: drawing, keys, and what a node says (NodeCard reads that itself).
 */
import { type Node as FlowNode, type NodeChange, Position, type XYPosition } from '@xyflow/react'
import { moveNodes, type Node } from '../document/nodes'
import type { LiveProject } from '../live/LiveProject'

export const CARD = { width: 224, height: 92 }
/** Between two writes of a drag; milliseconds. */
const WRITE_EVERY = 60

/** An edge as it is drawn: between the corners of two cards. */
export interface DrawnEdge {
  id: string
  label: string
  selected: boolean
  source: XYPosition
  target: XYPosition
}

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
  #selected = new Set<string>()
  #writing: ReturnType<typeof setTimeout> | null = null
  #nodes = new Map<string, FlowNode>()
  #picture: Picture = { nodes: [], edges: [], selectedNodes: [], selectedEdges: [] }

  constructor(live: LiveProject) {
    this.#live = live
    this.#leave = [live.nodes.subscribe(this.#redraw), live.edges.subscribe(this.#redraw)]
    this.#redraw()
  }

  destroy(): void {
    if (this.#writing !== null) this.#write()
    for (const leave of this.#leave) leave()
    this.#live.presence.select([])
    this.#live.attention.rest()
  }

  picture = (): Picture => this.#picture

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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
      isOver ||= !change.dragging
    }
    if (isOver) {
      this.#write()
      this.#dragged.clear()
    } else if (this.#dragged.size > 0) {
      this.#writing ??= setTimeout(this.#write, WRITE_EVERY)
    }
    this.#settle(changes)
  }

  /** Ends a drag: what is shown is written, and from then on others may move it. */
  drop = (): void => {
    this.#write()
    this.#dragged.clear()
    this.#redraw()
  }

  #mark(id: string, isSelected: boolean): void {
    if (isSelected) this.#selected.add(id)
    else this.#selected.delete(id)
  }

  #settle(changes: { type: string }[]): void {
    this.#redraw()
    if (changes.some((one) => one.type === 'select')) this.#showSelection()
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

  #redraw = (): void => {
    const nodes = new Map(this.#live.nodes.all().map((node) => [node.id, this.#flowNode(node)]))
    const edges: DrawnEdge[] = []
    for (const { id, label, source, target } of this.#live.edges.all()) {
      const [from, to] = [nodes.get(source), nodes.get(target)]
      // An edge that has lost an end is hidden: an undo of the deletion brings it back.
      if (!from || !to) continue
      const selected = this.#selected.has(id)
      edges.push({ id, label, selected, source: from.position, target: to.position })
    }
    this.#nodes = nodes
    this.#picture = {
      nodes: [...nodes.values()],
      edges,
      selectedNodes: [...this.#selected].filter((id) => nodes.has(id)),
      selectedEdges: edges.filter((edge) => edge.selected).map((edge) => edge.id),
    }
    for (const listener of this.#listeners) listener()
  }

  #flowNode(node: Node): FlowNode {
    const before = this.#nodes.get(node.id)
    const { x, y } = this.#dragged.get(node.id) ?? node
    const [selected, ariaLabel] = [
      this.#selected.has(node.id),
      node.label || 'Node without a label',
    ]
    const isSame =
      before !== undefined &&
      before.position.x === x &&
      before.position.y === y &&
      before.selected === selected &&
      before.ariaLabel === ariaLabel
    if (isSame) return before
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

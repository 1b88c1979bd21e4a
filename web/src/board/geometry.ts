/** Where an edge leaves one card and enters another: on the sides that face each other. */
import { Position, type XYPosition } from '@xyflow/react'
import { CARD } from './BoardModel'

export interface Anchors {
  sourceX: number
  sourceY: number
  targetX: number
  targetY: number
  sourcePosition: Position
  targetPosition: Position
}

/** From the top left corners of two cards. */
export function anchors(source: XYPosition, target: XYPosition): Anchors {
  const [dx, dy] = [target.x - source.x, target.y - source.y]
  // Cards are wide: what lies below is rather below than beside.
  const isBeside = Math.abs(dx) * CARD.height > Math.abs(dy) * CARD.width
  const from = isBeside
    ? dx > 0
      ? Position.Right
      : Position.Left
    : dy > 0
      ? Position.Bottom
      : Position.Top
  const to = OPPOSITE[from]
  const [start, end] = [side(source, from), side(target, to)]
  return {
    sourceX: start.x,
    sourceY: start.y,
    targetX: end.x,
    targetY: end.y,
    sourcePosition: from,
    targetPosition: to,
  }
}

const OPPOSITE: Record<Position, Position> = {
  [Position.Left]: Position.Right,
  [Position.Right]: Position.Left,
  [Position.Top]: Position.Bottom,
  [Position.Bottom]: Position.Top,
}

function side({ x, y }: XYPosition, position: Position): XYPosition {
  const [middle, centre] = [x + CARD.width / 2, y + CARD.height / 2]
  switch (position) {
    case Position.Left:
      return { x, y: centre }
    case Position.Right:
      return { x: x + CARD.width, y: centre }
    case Position.Top:
      return { x: middle, y }
    case Position.Bottom:
      return { x: middle, y: y + CARD.height }
  }
}

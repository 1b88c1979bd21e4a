/**
 * Where an edge leaves one card and enters another, on the sides that face each other; and the
 * curve between (a cubic Bézier, as canvas and SVG have it).
 */
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

/** Start, two handles, end. */
export type Curve = [XYPosition, XYPosition, XYPosition, XYPosition]

const LEAST_BEND = 24

export function curveBetween(source: XYPosition, target: XYPosition): Curve {
  const ends = anchors(source, target)
  const start = { x: ends.sourceX, y: ends.sourceY }
  const end = { x: ends.targetX, y: ends.targetY }
  const isBeside = ends.sourcePosition === Position.Left || ends.sourcePosition === Position.Right
  const bend = Math.max(LEAST_BEND, Math.abs(isBeside ? end.x - start.x : end.y - start.y) / 2)
  return [start, bent(start, ends.sourcePosition, bend), bent(end, ends.targetPosition, bend), end]
}

function bent({ x, y }: XYPosition, side: Position, by: number): XYPosition {
  switch (side) {
    case Position.Left:
      return { x: x - by, y }
    case Position.Right:
      return { x: x + by, y }
    case Position.Top:
      return { x, y: y - by }
    case Position.Bottom:
      return { x, y: y + by }
  }
}

/** The point of a curve at `t`, from 0 to 1. */
export function pointAt([a, b, c, d]: Curve, t: number): XYPosition {
  const u = 1 - t
  const [p, q, r, s] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t]
  return { x: p * a.x + q * b.x + r * c.x + s * d.x, y: p * a.y + q * b.y + r * c.y + s * d.y }
}

const SAMPLES = 24

/** How far a point is from a curve, nearly. */
export function distanceTo(curve: Curve, point: XYPosition): number {
  let least = Number.POSITIVE_INFINITY
  for (let step = 0; step <= SAMPLES; step += 1) {
    const { x, y } = pointAt(curve, step / SAMPLES)
    least = Math.min(least, Math.hypot(x - point.x, y - point.y))
  }
  return least
}

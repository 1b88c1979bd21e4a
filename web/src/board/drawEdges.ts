/** Edges on a canvas: curves, heads and labels, in the colours of the page. */
import type { XYPosition } from '@xyflow/react'
import type { DrawnEdge } from './BoardModel'
import { type Curve, curveBetween, pointAt } from './geometry'

/** What of the board is seen: its offset and zoom, and the size of the canvas in pixels. */
export interface View {
  x: number
  y: number
  zoom: number
  width: number
  height: number
}

interface Line {
  edge: DrawnEdge
  curve: Curve
}

const HEAD = { length: 10, width: 4 }
/** Labels are left out where nobody could read them. */
const READABLE = 0.45
const LABEL = {
  font: '500 11px "Inter Variable", system-ui, sans-serif',
  height: 20,
  pad: 8,
  most: 180,
}

export function drawEdges(
  context: CanvasRenderingContext2D,
  edges: readonly DrawnEdge[],
  view: View,
): void {
  clear(context, view)
  const lines: Line[] = []
  for (const edge of edges) {
    const curve = curveBetween(edge.source, edge.target)
    if (isSeen(curve, view)) lines.push({ edge, curve })
  }
  const style = getComputedStyle(context.canvas)
  const plain = lines.filter((line) => !line.edge.selected)
  const selected = lines.filter((line) => line.edge.selected)
  stroke(context, plain, style.getPropertyValue('--line-strong'), 1.6)
  stroke(context, selected, style.getPropertyValue('--accent'), 2.6)
  if (view.zoom >= READABLE) drawLabels(context, lines, style)
}

function clear(context: CanvasRenderingContext2D, { x, y, zoom, width, height }: View): void {
  const { canvas } = context
  const ratio = window.devicePixelRatio
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)]
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide
    canvas.height = high
  }
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, wide, high)
  context.setTransform(ratio * zoom, 0, 0, ratio * zoom, ratio * x, ratio * y)
}

/** Whether the box round a curve's four points meets what is seen. */
function isSeen(curve: Curve, { x, y, zoom, width, height }: View): boolean {
  const [left, top] = [-x / zoom, -y / zoom]
  const [right, bottom] = [left + width / zoom, top + height / zoom]
  return (
    curve.some((point) => point.x >= left) &&
    curve.some((point) => point.x <= right) &&
    curve.some((point) => point.y >= top) &&
    curve.some((point) => point.y <= bottom)
  )
}

/** One path for all lines, and one for all heads: a stroke for each would cost much more. */
function stroke(
  context: CanvasRenderingContext2D,
  lines: Line[],
  colour: string,
  width: number,
): void {
  context.beginPath()
  for (const {
    curve: [start, one, two, end],
  } of lines) {
    context.moveTo(start.x, start.y)
    context.bezierCurveTo(one.x, one.y, two.x, two.y, end.x, end.y)
  }
  context.strokeStyle = colour
  context.lineWidth = width
  context.stroke()
  context.beginPath()
  for (const { curve } of lines) head(context, curve[2], curve[3])
  context.fillStyle = colour
  context.fill()
}

function head(context: CanvasRenderingContext2D, from: XYPosition, tip: XYPosition): void {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1
  const [dx, dy] = [(tip.x - from.x) / length, (tip.y - from.y) / length]
  const [x, y] = [tip.x - dx * HEAD.length, tip.y - dy * HEAD.length]
  context.moveTo(tip.x, tip.y)
  context.lineTo(x - dy * HEAD.width, y + dx * HEAD.width)
  // Filling closes the triangle; closePath() would take most of the time of a frame.
  context.lineTo(x + dy * HEAD.width, y - dx * HEAD.width)
}

function drawLabels(
  context: CanvasRenderingContext2D,
  lines: Line[],
  style: CSSStyleDeclaration,
): void {
  const [ground, line, ink] = ['--surface', '--line', '--muted'].map((name) =>
    style.getPropertyValue(name),
  )
  context.font = LABEL.font
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineWidth = 1
  for (const { edge, curve } of lines) {
    if (edge.label === '') continue
    const { x, y } = pointAt(curve, 0.5)
    const width = Math.min(LABEL.most, context.measureText(edge.label).width + 2 * LABEL.pad)
    context.beginPath()
    context.roundRect(x - width / 2, y - LABEL.height / 2, width, LABEL.height, LABEL.height / 2)
    context.fillStyle = ground ?? ''
    context.fill()
    context.strokeStyle = line ?? ''
    context.stroke()
    context.fillStyle = ink ?? ''
    context.fillText(edge.label, x, y + 0.5, width - 2 * LABEL.pad)
  }
}

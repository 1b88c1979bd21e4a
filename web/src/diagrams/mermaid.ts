/**
 * Mermaid, loaded when the first diagram is shown, in its strict mode.
 *
 * Rendered diagrams are shown as pictures (an `img` runs no script and loads nothing), so labels
 * are text of the picture, not HTML.
 */
import mermaid, { type MermaidConfig } from 'mermaid'
import type { Theme } from '../app/theme'

export interface Fault {
  /** From 1. */
  line: number
  message: string
}

export type Drawing = { svg: string; width: number; height: number } | { fault: Fault }

const COLOURS: Record<Theme, MermaidConfig['themeVariables']> = {
  light: {
    darkMode: false,
    background: '#ffffff',
    primaryColor: '#d9efec',
    primaryBorderColor: '#0f766e',
    primaryTextColor: '#1a1c21',
    secondaryColor: '#fdf0d5',
    tertiaryColor: '#edebe4',
    edgeLabelBackground: '#ffffff',
    lineColor: '#6b707b',
    textColor: '#1a1c21',
  },
  dark: {
    darkMode: true,
    background: '#1b1e24',
    primaryColor: '#123b38',
    primaryBorderColor: '#2dd4bf',
    primaryTextColor: '#eceef2',
    secondaryColor: '#3a2a0c',
    tertiaryColor: '#23272f',
    edgeLabelBackground: '#1b1e24',
    lineColor: '#979eab',
    textColor: '#eceef2',
  },
}

const MARGIN = 12

function configure(theme: Theme): void {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    gantt: { useWidth: 720 },
    fontFamily: 'system-ui, sans-serif',
    theme: 'base',
    themeVariables: COLOURS[theme] ?? {},
  })
}

/** What is wrong with a source; null for nothing. */
export async function check(source: string): Promise<Fault | null> {
  if (source.trim() === '') return null
  try {
    await mermaid.parse(source)
    return null
  } catch (error) {
    return faultOf(error)
  }
}

export async function draw(source: string, theme: Theme): Promise<Drawing> {
  configure(theme)
  const id = `drawing-${crypto.randomUUID()}`
  try {
    const { svg } = await mermaid.render(id, source)
    return sized(svg)
  } catch (error) {
    return { fault: faultOf(error) }
  } finally {
    document.getElementById(`d${id}`)?.remove()
  }
}

/** A picture has the size of what it shows; Mermaid's own takes the width of the page. */
function sized(svg: string): Drawing {
  const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement
  const [x, y, width, height] = (root.getAttribute('viewBox') ?? '').split(/[\s,]+/).map(Number)
  if (!width || !height || x === undefined || y === undefined) {
    return { fault: { line: 1, message: 'This diagram has no size.' } }
  }
  const [wide, high] = [width + 2 * MARGIN, height + 2 * MARGIN]
  root.setAttribute('viewBox', `${x - MARGIN} ${y - MARGIN} ${wide} ${high}`)
  root.setAttribute('width', String(wide))
  root.setAttribute('height', String(high))
  root.removeAttribute('style')
  return { svg: new XMLSerializer().serializeToString(root), width: wide, height: high }
}

/** Parsers of several makes: what they have in common is a message that names a line. */
function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  const line = Number(/line:? (\d+)/i.exec(message)?.[1] ?? 1)
  return { line: Math.max(1, line), message: message.split('\n').slice(0, 4).join('\n') }
}

/** Mermaid's complaints, at the line that they are about. */
import { type Diagnostic, linter, lintGutter } from '@codemirror/lint'
import type { Extension } from '@codemirror/state'
import type { EditorView } from '@codemirror/view'

const DELAY = 350

export const faults: Extension = [linter(lookAt, { delay: DELAY }), lintGutter()]

async function lookAt(view: EditorView): Promise<Diagnostic[]> {
  const { check } = await import('./mermaid')
  const fault = await check(view.state.doc.toString())
  if (fault === null) return []
  const line = view.state.doc.line(Math.min(fault.line, view.state.doc.lines))
  return [{ from: line.from, to: line.to, severity: 'error', message: fault.message }]
}

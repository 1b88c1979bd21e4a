/** Tells what of a text is selected, for questions about it. */
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { Kind } from '../api/types'
import { type Attention, spanOf } from '../live/Attention'

export function attending(attention: Attention, kind: Kind, id: string): Extension {
  return EditorView.updateListener.of(({ view, state, selectionSet, docChanged, focusChanged }) => {
    if (!selectionSet && !docChanged && !focusChanged) return
    const { elements, span } = attention.focus()
    // What others type moves a selection, also while the focus is elsewhere.
    const isHeld = span !== null && elements[0]?.id === id && !view.hasFocus && docChanged
    if (!view.hasFocus && !isHeld) return
    const { from, to } = state.selection.main
    attention.turnTo([{ kind, id }], from === to ? null : spanOf(state.doc.toString(), from, to))
  })
}

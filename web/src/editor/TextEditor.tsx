/**
 * A text of the document, typed together: CodeMirror, with colleagues' carets and their names.
 *
 * Loaded when the first text is shown. What does not live here: what a text means.
 */
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import { EditorView, placeholder as placeholderOf } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { yCollab } from 'y-codemirror.next'
import type * as Y from 'yjs'
import type { Kind } from '../api/types'
import { useOpen } from '../live/useLive'
import { attending } from './attending'
import { keysOf, markdownText, plainText } from './setup'

interface Props {
  text: Y.Text
  kind: Kind
  id: string
  undo: Y.UndoManager
  label: string
  placeholder?: string
  /** What else the editor can do; must be stable. */
  extension?: Extension
  language?: 'markdown' | 'plain'
  readOnly?: boolean
}

const NONE: Extension = []

export default function TextEditor(props: Props) {
  const { kind, id } = props
  const { text, undo, label, placeholder = '', extension = NONE, language = 'markdown' } = props
  const { live, canWrite } = useOpen()
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const mode = useRef(new Compartment())
  const isLocked = !canWrite || props.readOnly === true
  const locked = useRef(isLocked)
  locked.current = isLocked
  useEffect(() => {
    if (place.current === null) return
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text.toString(),
        extensions: [
          keysOf(undo),
          language === 'markdown' ? markdownText : plainText,
          mode.current.of(modeOf(locked.current)),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          placeholderOf(placeholder),
          extension,
          attending(live.attention, kind, id),
          yCollab(text, live.presence.awareness, { undoManager: undo }),
        ],
      }),
    })
    view.current = made
    return () => {
      view.current = null
      made.destroy()
    }
  }, [text, undo, label, placeholder, extension, language, live, kind, id])
  useEffect(() => {
    view.current?.dispatch({ effects: mode.current.reconfigure(modeOf(isLocked)) })
  }, [isLocked])
  return <div className="text-editor" ref={place} />
}

/** A text that one may not change can still be reached, read with a caret, and selected. */
function modeOf(isLocked: boolean): Extension {
  return [EditorState.readOnly.of(isLocked), EditorView.editable.of(!isLocked)]
}

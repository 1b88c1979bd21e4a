/** How texts look and which keys they know. */
import { defaultKeymap } from '@codemirror/commands'
import { markdown, markdownLanguage } from '@codemirror/lang-markdown'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type * as Y from 'yjs'

const words = HighlightStyle.define([
  { tag: tags.heading1, fontSize: '1.35em', fontWeight: '680' },
  { tag: tags.heading2, fontSize: '1.18em', fontWeight: '660' },
  { tag: [tags.heading3, tags.heading4], fontWeight: '650' },
  { tag: tags.strong, fontWeight: '680' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: tags.monospace, fontFamily: 'var(--mono)', fontSize: '0.92em' },
  { tag: [tags.link, tags.url], color: 'var(--accent)' },
  { tag: tags.quote, color: 'var(--muted)' },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: 'var(--faint)' },
])

const look = EditorView.theme({
  '&': { fontSize: 'inherit', color: 'inherit' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'inherit', lineHeight: '1.6', overflow: 'visible' },
  '.cm-content': { padding: '0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0' },
  '.cm-placeholder': { color: 'var(--faint)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--accent) 26%, transparent) !important',
  },
  '.cm-ySelectionInfo': {
    opacity: '1',
    padding: '0 5px',
    borderRadius: '5px 5px 5px 0',
    fontFamily: 'var(--font)',
    fontSize: '11px',
    fontWeight: '600',
    top: '-1.45em',
    color: '#fff',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '8px',
    background: 'var(--raised)',
    boxShadow: 'var(--shadow-2)',
    overflow: 'hidden',
  },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font)', fontSize: 'var(--text-s)' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '4px 10px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--accent)',
    color: 'var(--on-accent)',
  },
})

const code = EditorView.theme({
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: 'var(--text-s)', overflow: 'auto' },
  '.cm-content': { padding: 'var(--space-3) 0' },
  '.cm-line': { padding: '0 var(--space-3)' },
  '.cm-gutters': { background: 'transparent', border: '0', color: 'var(--faint)' },
})

const common: Extension = [look, drawSelection()]

export const markdownText: Extension = [
  common,
  markdown({ base: markdownLanguage }),
  syntaxHighlighting(words),
  EditorView.lineWrapping,
]
export const plainText: Extension = [code, common, lineNumbers()]

/** Undo is the project's, per view. Tab is not ours: it leads out of the text, as in any page. */
export function keysOf(undo: Y.UndoManager): Extension {
  const goBack = () => {
    undo.undo()
    return true
  }
  const goForth = () => {
    undo.redo()
    return true
  }
  return keymap.of([
    { key: 'Mod-z', run: goBack, preventDefault: true },
    { key: 'Mod-y', run: goForth, preventDefault: true },
    { key: 'Mod-Shift-z', run: goForth, preventDefault: true },
    ...defaultKeymap,
  ])
}

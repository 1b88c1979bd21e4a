/** The text of a section, to be written in. Loaded with the editor, when the plan is written. */
import { useMemo } from 'react'
import type { Section } from '../document/sections'
import TextEditor from '../editor/TextEditor'
import { useOpen } from '../live/useLive'
import { mentions } from './mentions'

export default function SectionBody({ section }: { section: Section }) {
  const { live } = useOpen()
  const extension = useMemo(() => mentions(live), [live])
  return (
    <TextEditor
      text={section.body}
      kind="section"
      id={section.id}
      undo={live.undo.plan}
      label={`Text of ${section.title || 'an untitled section'}`}
      placeholder="Write in Markdown. Type @ to link a node of the board."
      extension={extension}
    />
  )
}

/** Who wrote what of a section: the agent's words in colour, each piece with its author. */
import { useCallback, useEffect } from 'react'
import { api, got } from '../api/client'
import type { Author } from '../api/types'
import type { Section } from '../document/sections'
import { useText } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { useAsked } from '../ui/useAsked'

/** After the text has been quiet for so long; milliseconds. */
const QUIET = 600

export default function Origins({ section }: { section: Section }) {
  const { live } = useOpen()
  const { id } = section
  const ask = useCallback(() => {
    const path = { project_id: live.id, kind: 'section' as const, element_id: id }
    return got(api.GET('/projects/{project_id}/blame/{kind}/{element_id}', { params: { path } }))
  }, [live, id])
  const { value, told, again } = useAsked(ask)
  const text = useText(section.body)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text has other authors
  useEffect(() => {
    const timer = setTimeout(again, QUIET)
    return () => clearTimeout(timer)
  }, [text, again])
  if (told !== null) return <p className="told">{told}</p>
  return (
    <div className="prose pre">
      {value?.spans.map((span, index) => (
        <Piece key={index} text={span.text} author={span.author} />
      ))}
    </div>
  )
}

function Piece({ text, author }: { text: string; author: Author | null }) {
  const title = wordsOf(author)
  if (!author?.ai) return <span title={title}>{text}</span>
  return (
    <mark className="by-agent" title={title}>
      <span className="visually-hidden">By the agent: </span>
      {text}
    </mark>
  )
}

function wordsOf(author: Author | null): string {
  if (author === null) return 'By nobody in particular'
  const name = author.name ?? 'somebody who has left'
  return author.ai ? `Written by the agent, asked by ${name}` : `Written by ${name}`
}

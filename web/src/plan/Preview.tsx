/** A text as it reads. */
import { type MouseEvent, useMemo } from 'react'
import type * as Y from 'yjs'
import { go } from '../app/router'
import { useText } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { linkedNode, renderMarkdown } from './renderMarkdown'

export default function Preview({ text }: { text: Y.Text }) {
  const { live } = useOpen()
  const source = useText(text)
  const html = useMemo(() => ({ __html: renderMarkdown(source) }), [source])
  function follow(event: MouseEvent<HTMLElement>): void {
    const link = (event.target as Element).closest('a')
    const node = linkedNode(link?.getAttribute('href') ?? null)
    if (node === null) return
    event.preventDefault()
    go(`/projects/${live.id}/board#node:${encodeURIComponent(node)}`)
  }
  if (source.trim() === '') return <p className="quiet">Nothing written yet.</p>
  // biome-ignore lint/security/noDangerouslySetInnerHtml: renderMarkdown is the one place that cleans
  // biome-ignore lint/a11y/useKeyWithClickEvents: a link's Enter is a click
  // biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is followed
  return <div className="prose" dangerouslySetInnerHTML={html} onClick={follow} />
}

/** What the agent said, as it reads. Loaded with the Markdown reader. */
import { useMemo } from 'react'
import { renderMarkdown } from '../plan/renderMarkdown'

export default function Words({ text }: { text: string }) {
  const html = useMemo(() => ({ __html: renderMarkdown(text) }), [text])
  // biome-ignore lint/security/noDangerouslySetInnerHtml: renderMarkdown is the one place that cleans
  return <div className="prose" dangerouslySetInnerHTML={html} />
}

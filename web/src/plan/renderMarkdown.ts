/**
 * Markdown as HTML that executes nothing and loads nothing, whoever wrote it.
 *
 * What is not on the list is left out: no styles, no forms, no frames. Pictures become links, for
 * to load one would tell somebody elsewhere who reads this.
 */
import DOMPurify from 'dompurify'
import { Marked } from 'marked'

const NODE_LINK = '#node:'

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    image({ href, text }) {
      return `<a href="${escaped(href)}">${escaped(text || href)}</a>`
    },
  },
})

const purifier = DOMPurify(window)
purifier.addHook('afterSanitizeAttributes', (element) => {
  if (element.tagName !== 'A') return
  const isNode = element.getAttribute('href')?.startsWith(NODE_LINK)
  if (isNode) {
    element.classList.add('node-link')
    return
  }
  element.setAttribute('target', '_blank')
  element.setAttribute('rel', 'noopener noreferrer nofollow')
})

const TAGS =
  'a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table tbody td th thead tr ul'

export function renderMarkdown(source: string): string {
  return purifier.sanitize(marked.parse(source) as string, {
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'class'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#node:)/i,
    ALLOW_DATA_ATTR: false,
  })
}

/** The node that a link leads to; null for any other link. */
export function linkedNode(href: string | null): string | null {
  return href?.startsWith(NODE_LINK) ? decodeURIComponent(href.slice(NODE_LINK.length)) : null
}

/** A link to a node, as it is written in a text. */
export function nodeLink(id: string, label: string): string {
  const words = label.replace(/[[\]\\\n]/g, ' ').trim() || 'node'
  return `[${words}](${NODE_LINK}${encodeURIComponent(id)})`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** `@` in a text offers the nodes of the board, and becomes a link to the chosen one. */
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import type { Extension } from '@codemirror/state'
import type { LiveProject } from '../live/LiveProject'
import { nodeLink } from './renderMarkdown'

export function mentions(live: LiveProject): Extension {
  function offer(context: CompletionContext): CompletionResult | null {
    const typed = context.matchBefore(/(?:^|[\s(])@[^@\n]{0,40}$/)
    if (typed === null) return null
    const from = typed.from + typed.text.indexOf('@')
    return {
      from,
      options: live.nodes.all().map((node) => ({
        label: `@${node.label || 'Untitled'}`,
        detail: node.kind,
        apply: nodeLink(node.id, node.label),
      })),
    }
  }
  return autocompletion({ override: [offer], icons: false })
}

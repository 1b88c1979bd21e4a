/** Whether what a proposal was made from is another now (docs/SPEC.md, WRITE-7). */
import { useCallback } from 'react'
import type * as Y from 'yjs'
import { api, got } from '../api/client'
import { contentOf } from '../document/nodes'
import type { Proposal } from '../document/proposals'
import { useText } from '../document/useElements'
import type { LiveProject } from '../live/LiveProject'
import { useOpen } from '../live/useLive'
import { useAsked } from '../ui/useAsked'

/** `target` is seen here as it is typed; of the other texts that were read the server knows. */
export function useStale(proposal: Proposal, target: Y.Text): boolean {
  const { live } = useOpen()
  const { id, how, base } = proposal
  const ask = useCallback(async () => {
    const params = { path: { project_id: live.id } }
    const { items } = await got(api.GET('/projects/{project_id}/proposals', { params }))
    return items.find((one) => one.id === id)?.stale ?? false
  }, [live, id])
  const { value } = useAsked(ask)
  const isOther = useText(target) !== useText(base)
  return value === true || (how === 'replace' && isOther)
}

/** The text that a proposal would change; null once it is gone. */
export function targetOf(live: LiveProject, { kind, element }: Proposal): Y.Text | null {
  switch (kind) {
    case 'node':
      return contentOf(live.document, element)
    case 'section':
      return live.sections.get(element)?.body ?? null
    case 'diagram':
      return live.diagrams.get(element)?.source ?? null
    case 'edge':
      return null
  }
}

/**
 * What happens to the project beside its document: snapshots, restores, members
 * (docs/SPEC.md, EVT), told while somebody looks.
 */
import { useEffect } from 'react'
import { useOpen } from './useLive'

export type ProjectEvent = 'snapshot-taken' | 'snapshot-removed' | 'restored' | 'members-changed'

/** `hear` is called whenever one of `kinds` has happened, or may have; both must be stable. */
export function useProjectEvents(kinds: readonly ProjectEvent[], hear: () => void): void {
  const { live } = useOpen()
  useEffect(() => {
    const source = new EventSource(`/api/v1/projects/${live.id}/events`)
    for (const kind of [...kinds, 'missed']) source.addEventListener(kind, hear)
    return () => source.close()
  }, [live, kinds, hear])
}

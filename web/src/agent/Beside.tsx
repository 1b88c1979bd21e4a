/** Open proposals for one element, beside its text. */
import { lazy, Suspense } from 'react'
import type { Kind } from '../api/types'
import { useElements } from '../document/useElements'
import { useOpen } from '../live/useLive'

const ProposalCard = lazy(() =>
  import('./ProposalCard').then((module) => ({ default: module.ProposalCard })),
)

export function Beside({ kind, id }: { kind: Kind; id: string }) {
  const { live } = useOpen()
  const open = useElements(live.proposals).filter(
    (one) => one.isOpen && one.kind === kind && one.element === id,
  )
  if (open.length === 0) return null
  return (
    <Suspense>
      {open.map((one) => (
        <ProposalCard key={one.id} proposal={one} />
      ))}
    </Suspense>
  )
}

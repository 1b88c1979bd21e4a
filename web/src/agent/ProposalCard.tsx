/** A proposal: what would change, and the two answers to it. */
import '../styles/agent.css'
import '../styles/history.css'
import { Check, Lightbulb, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import type * as Y from 'yjs'
import { api, got, toldOf } from '../api/client'
import { useTell } from '../app/toasts'
import type { Proposal } from '../document/proposals'
import { useText } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { differenceOf } from './difference'
import { nameOf } from './names'
import { targetOf, useStale } from './useStale'

interface Props {
  proposal: Proposal
  /** Whether it must say what it is about. */
  isNamed?: boolean
}

export function ProposalCard({ proposal, isNamed = false }: Props) {
  const { live, canWrite } = useOpen()
  const target = targetOf(live, proposal)
  const name = nameOf(live, proposal.kind, proposal.element)
  return (
    <article className="proposal" aria-label={`Proposal for ${name}`}>
      <p className="row">
        <Lightbulb size={15} aria-hidden />
        <strong className="grow">
          {isNamed ? name : 'The agent proposes'}
          {proposal.how === 'append' && ', at the end'}
        </strong>
      </p>
      {proposal.reason !== '' && <p className="small quiet">{proposal.reason}</p>}
      <Changes proposal={proposal} />
      {target ? (
        <Staleness proposal={proposal} target={target} />
      ) : (
        <p className="small told warn">What this was to change is gone.</p>
      )}
      {canWrite && <Answers proposal={proposal} name={name} isPossible={target !== null} />}
    </article>
  )
}

function Staleness({ proposal, target }: { proposal: Proposal; target: Y.Text }) {
  if (!useStale(proposal, target)) return null
  return (
    <p className="small told warn">
      What this was made from has changed since. Accepting keeps what others typed.
    </p>
  )
}

function Changes({ proposal }: { proposal: Proposal }) {
  const [base, text] = [useText(proposal.base), useText(proposal.text)]
  const pieces = useMemo(() => differenceOf(proposal.how, base, text), [proposal.how, base, text])
  return (
    <p className="difference-text">
      {pieces.map((piece, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no name but their place
        if (piece.change === 'insert') return <ins key={index}>{piece.text}</ins>
        // biome-ignore lint/suspicious/noArrayIndexKey: the same
        if (piece.change === 'delete') return <del key={index}>{piece.text}</del>
        // biome-ignore lint/suspicious/noArrayIndexKey: the same
        return <span key={index}>{piece.text}</span>
      })}
    </p>
  )
}

interface AnswersProps {
  proposal: Proposal
  name: string
  isPossible: boolean
}

function Answers({ proposal, name, isPossible }: AnswersProps) {
  const { live } = useOpen()
  const tell = useTell()
  const [busy, setBusy] = useState(false)
  const params = { path: { project_id: live.id, proposal_id: proposal.id } }
  const accept = () =>
    got(api.POST('/projects/{project_id}/proposals/{proposal_id}/accept', { params }))
  const reject = () =>
    got(api.POST('/projects/{project_id}/proposals/{proposal_id}/reject', { params }))
  function decide(decision: () => Promise<unknown>): void {
    setBusy(true)
    decision()
      .catch((error: unknown) => tell(toldOf(error)))
      .finally(() => setBusy(false))
  }
  return (
    <div className="row end">
      <button
        type="button"
        className="button"
        aria-label={`Reject the proposal for ${name}`}
        disabled={busy}
        onClick={() => decide(reject)}
      >
        <X size={15} aria-hidden /> Reject
      </button>
      <button
        type="button"
        className="button primary"
        aria-label={`Accept the proposal for ${name}`}
        disabled={busy || !isPossible}
        onClick={() => decide(accept)}
      >
        <Check size={15} aria-hidden /> Accept
      </button>
    </div>
  )
}

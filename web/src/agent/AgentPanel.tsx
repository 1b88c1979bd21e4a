/** The agent's side of a project: what was asked, what comes of it, and what to ask next. */
import '../styles/agent.css'
import { Bot, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useElements } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { AskForm } from './AskForm'
import { ProposalCard } from './ProposalCard'
import { TurnView } from './TurnView'
import { useConversation } from './useConversation'

interface Props {
  /** Another number: somebody wants to ask. */
  call: number
  onClose: () => void
}

export default function AgentPanel({ call, onClose }: Props) {
  const { live, canWrite } = useOpen()
  const { turns, told, hear, again } = useConversation()
  const proposals = useElements(live.proposals).filter((one) => one.isOpen)
  const end = useEnd(turns.length)
  return (
    <aside
      className="agent"
      id="agent"
      aria-label="Agent"
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <div className="agent-head">
        <Bot size={18} aria-hidden />
        <h2 className="grow">Agent</h2>
        <button
          type="button"
          className="button plain icon"
          aria-label="Close the agent"
          onClick={onClose}
        >
          <X size={17} aria-hidden />
        </button>
      </div>
      <div className="agent-talk" ref={end}>
        {told !== null && (
          <p className="told" role="alert">
            {told}
          </p>
        )}
        {turns.length === 0 && told === null && <Nothing canWrite={canWrite} />}
        <ol aria-label="Conversation">
          {turns.map((turn) => (
            <TurnView key={turn.run.id} turn={turn} onHeard={hear} onReverted={again} />
          ))}
        </ol>
        {proposals.length > 0 && (
          <section className="proposals" aria-label="Proposals">
            <h3>
              {proposals.length === 1 ? '1 proposal' : `${proposals.length} proposals`} to decide
            </h3>
            {proposals.map((one) => (
              <ProposalCard key={one.id} proposal={one} isNamed />
            ))}
          </section>
        )}
      </div>
      {canWrite ? (
        <AskForm call={call} onAsked={hear} />
      ) : (
        <p className="agent-foot quiet small">Who may edit the project may ask the agent.</p>
      )}
    </aside>
  )
}

/** Keeps the newest in sight when something is asked. */
function useEnd(count: number) {
  const talk = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn is what scrolls
  useEffect(() => {
    talk.current?.scrollTo({ top: talk.current.scrollHeight })
  }, [count])
  return talk
}

function Nothing({ canWrite }: { canWrite: boolean }) {
  return (
    <div className="empty">
      <Bot size={36} strokeWidth={1.4} aria-hidden />
      <p>
        {canWrite
          ? 'Ask for a plan, a section, a graph or a diagram. Select nodes or text first, and the question is about them. You see the agent write, and can stop it and take everything back.'
          : 'Nobody has asked the agent for anything yet.'}
      </p>
    </div>
  )
}

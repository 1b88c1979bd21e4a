/** One request: who asked what, how it goes, what it cost, and how to stop it or take it back. */
import { Bot, CircleStop, LoaderCircle, Undo2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { api, got, toldOf } from '../api/client'
import type { Run } from '../api/types'
import { useTell } from '../app/toasts'
import { useOpen } from '../live/useLive'
import { Avatar } from '../ui/Avatar'
import { Dialog } from '../ui/Dialog'
import { ago } from '../ui/time'
import { isBusy, isSmall, standingOf, type Turn, usageOf, yieldOf } from './runs'

const Words = lazy(() => import('./Words'))

interface Props {
  turn: Turn
  onHeard: (run: Run) => void
  onReverted: () => void
}

export function TurnView({ turn: { run, said }, onHeard, onReverted }: Props) {
  return (
    <li className={run.status === 'failed' ? 'turn broken' : 'turn'}>
      <div className="turn-asked">
        <Avatar id={run.user_id} name={run.user_name ?? 'Somebody who has left'} />
        <div className="grow">
          <p className="turn-prompt">{run.prompt}</p>
          <p className="quiet small">{ago(run.created_at)}</p>
        </div>
      </div>
      <div className="turn-answer">
        <Standing run={run} />
        {said !== '' && (
          <Suspense fallback={<p>{said}</p>}>
            <Words text={said} />
          </Suspense>
        )}
        {run.told !== '' && run.told !== said && <p className="small">{run.told}</p>}
        {isSmall(run) && (
          <p className="turn-note small">
            Answered by the small model that comes with the server ({run.model}). It shows how
            things work; for real answers, the server needs a key or a larger model.
          </p>
        )}
        <Foot run={run} onHeard={onHeard} onReverted={onReverted} />
      </div>
    </li>
  )
}

function Standing({ run }: { run: Run }) {
  const busy = isBusy(run)
  const Sign = busy ? LoaderCircle : Bot
  return (
    <p className={`turn-standing${busy ? ' busy' : ''}`} role="status">
      <Sign size={15} aria-hidden />
      <span>{standingOf(run)}</span>
      <span className="quiet">{yieldOf(run)}</span>
    </p>
  )
}

function Foot({ run, onHeard, onReverted }: Omit<Props, 'turn'> & { run: Run }) {
  const { live, canWrite } = useOpen()
  const tell = useTell()
  const [asking, setAsking] = useState(false)
  const params = { path: { project_id: live.id, run_id: run.id } }
  async function cancel(): Promise<void> {
    onHeard(await got(api.POST('/projects/{project_id}/runs/{run_id}/cancel', { params })))
  }
  const wrote = run.written_elements + run.characters > 0
  const isModelNamed = run.model !== '' && !isSmall(run)
  return (
    <div className="row turn-foot">
      <span className="quiet small grow">
        {[isModelNamed ? run.model : '', usageOf(run)].filter(Boolean).join(' · ')}
      </span>
      {canWrite && isBusy(run) && (
        <button
          type="button"
          className="button"
          disabled={run.cancelling}
          onClick={() => cancel().catch((error: unknown) => tell(toldOf(error)))}
        >
          <CircleStop size={15} aria-hidden /> Stop
        </button>
      )}
      {canWrite && !isBusy(run) && wrote && run.reverted_at === null && (
        <button type="button" className="button plain" onClick={() => setAsking(true)}>
          <Undo2 size={15} aria-hidden /> Revert
        </button>
      )}
      {asking && (
        <RevertDialog run={run} onClose={() => setAsking(false)} onReverted={onReverted} />
      )}
    </div>
  )
}

interface RevertProps {
  run: Run
  onClose: () => void
  onReverted: () => void
}

function RevertDialog({ run, onClose, onReverted }: RevertProps) {
  const { live } = useOpen()
  const tell = useTell()
  async function revert(): Promise<void> {
    onClose()
    const params = { path: { project_id: live.id, run_id: run.id } }
    const done = await got(api.POST('/projects/{project_id}/runs/{run_id}/revert', { params }))
    const kept = done.kept > 0 ? ` ${done.kept} stayed, for what people wrote in them.` : ''
    tell(`What the agent wrote is taken back.${kept}`)
    onReverted()
  }
  return (
    <Dialog title="Take it back?" onClose={onClose}>
      <div className="form">
        <p>
          Everything that the agent wrote for this request goes. What people wrote stays, also in
          the midst of it, and the project as it is now is kept as a snapshot.
        </p>
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="button primary"
            onClick={() => revert().catch((error: unknown) => tell(toldOf(error)))}
          >
            Take back
          </button>
        </div>
      </div>
    </Dialog>
  )
}

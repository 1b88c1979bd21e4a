/** Who worked on the project and when, the newest first; and what one of them did, in colour. */
import { useCallback } from 'react'
import { api, got } from '../api/client'
import type { Activity } from '../api/types'
import { useOpen } from '../live/useLive'
import { ago, onThe } from '../ui/time'
import { useAsked } from '../ui/useAsked'
import { usePages } from '../ui/usePages'
import { Differences } from './Differences'
import { useEdits } from './useEdits'

const DEEDS: Record<Activity['author']['means'], string> = {
  client: 'Edits',
  rest: 'Edits by a program',
  run: 'A run of the agent',
  restore: 'A restore',
  import: 'An import',
  seed: 'The first content',
  duplicate: 'A copy',
}

interface Props {
  open: Activity | null
  onOpen: (activity: Activity) => void
}

export function Activities({ open, onOpen }: Props) {
  const { live } = useOpen()
  const ask = useCallback(
    (cursor: string | null) => {
      const params = { path: { project_id: live.id }, query: { cursor } }
      return got(api.GET('/projects/{project_id}/activity', { params }))
    },
    [live],
  )
  const { items, told, more, again } = usePages(ask)
  useEdits(live, again)
  return (
    <nav aria-label="Activity">
      <h2 className="history-heading">Activity</h2>
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      <ol>
        {items?.map((one) => (
          <li key={one.first_seq}>
            <button
              type="button"
              className="moment"
              aria-current={one.first_seq === open?.first_seq ? 'true' : undefined}
              title={onThe(one.ended_at)}
              onClick={() => onOpen(one)}
            >
              <strong>{whoOf(one)}</strong>
              <span className="quiet small">
                {DEEDS[one.author.means]}, {ago(one.ended_at)}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {more && (
        <button type="button" className="button plain" onClick={more}>
          Earlier
        </button>
      )}
    </nav>
  )
}

export function ActivityView({ activity }: { activity: Activity }) {
  const { live } = useOpen()
  const { first_seq, last_seq } = activity
  const ask = useCallback(() => {
    const path = { project_id: live.id, seq: first_seq - 1 }
    const params = { path, query: { to: last_seq } }
    return got(api.GET('/projects/{project_id}/states/{seq}/difference', { params }))
  }, [live, first_seq, last_seq])
  const { value, told } = useAsked(ask)
  const name = `${DEEDS[activity.author.means]}: ${whoOf(activity)}`
  return (
    <section className="snapshot" aria-label={name}>
      <div className="snapshot-head">
        <div className="grow">
          <h2>{name}</h2>
          <p className="quiet small">
            {onThe(activity.started_at)} to {onThe(activity.ended_at)}
          </p>
        </div>
      </div>
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      {value?.items.length === 0 && <p className="empty">Nothing of this is left to see.</p>}
      <Differences items={value?.items ?? []} onRestore={null} />
    </section>
  )
}

function whoOf({ author }: Activity): string {
  const name = author.name ?? 'Somebody'
  return author.ai ? `The agent, for ${name}` : name
}

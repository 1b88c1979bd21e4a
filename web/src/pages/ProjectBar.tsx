/** The bar of a project: title, views, what is saved, who is here, sharing. */
import {
  Bot,
  Check,
  CloudOff,
  FileText,
  History,
  Loader,
  OctagonAlert,
  Share2,
  Waypoints,
  Workflow,
} from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { Project } from '../api/types'
import { followed } from '../app/router'
import { TopBar } from '../app/TopBar'
import { type Indication, indicationOf, type Status, wordsOf } from '../live/status'
import { useColleagues, useOpen } from '../live/useLive'
import { Avatar } from '../ui/Avatar'

const ShareDialog = lazy(() => import('../share/ShareDialog'))

export const VIEWS = ['board', 'plan', 'diagrams', 'history'] as const
export type View = (typeof VIEWS)[number]

const TABS: Record<View, { name: string; Icon: typeof Check }> = {
  board: { name: 'Board', Icon: Waypoints },
  plan: { name: 'Plan', Icon: FileText },
  diagrams: { name: 'Diagrams', Icon: Workflow },
  history: { name: 'History', Icon: History },
}

/** The panel of the agent, as whoever shows and hides it sees it. */
export interface AgentSwitch {
  /** How often it was called since it was shut; 0: it is shut. */
  calls: number
  call: () => void
  close: () => void
}

interface Props {
  project: Project | null
  view: View
  status: Status
  agent: AgentSwitch
}

export function ProjectBar({ project, view, status, agent }: Props) {
  const { live } = useOpen()
  const [sharing, setSharing] = useState(false)
  return (
    <>
      <TopBar>
        <h1 className="project-title" title={project?.title}>
          {project?.title ?? 'Project'}
        </h1>
        <Indicator status={status} />
        <nav className="tabs project-tabs" aria-label="Views">
          {VIEWS.map((one) => {
            const { name, Icon } = TABS[one]
            return (
              <a
                key={one}
                className="tab"
                href={`/projects/${live.id}/${one}`}
                aria-current={one === view ? 'page' : undefined}
                onClick={followed}
              >
                <Icon size={15} aria-hidden />
                <span>{name}</span>
              </a>
            )
          })}
        </nav>
        <Others />
        <button
          type="button"
          className="button agent-button"
          aria-label="Agent"
          aria-expanded={agent.calls > 0}
          title="Agent (Ctrl K)"
          onClick={agent.calls > 0 ? agent.close : agent.call}
        >
          <Bot size={15} aria-hidden /> <span>Agent</span>
        </button>
        <button
          type="button"
          className="button share-button"
          aria-label="Share"
          onClick={() => setSharing(true)}
        >
          <Share2 size={15} aria-hidden /> <span>Share</span>
        </button>
      </TopBar>
      {sharing && (
        <Suspense>
          <ShareDialog onClose={() => setSharing(false)} />
        </Suspense>
      )}
    </>
  )
}

const SIGNS: Record<Indication, typeof Check> = {
  connecting: Loader,
  offline: CloudOff,
  saving: Loader,
  saved: Check,
  refused: OctagonAlert,
}

function Indicator({ status }: { status: Status }) {
  const indication = indicationOf(status)
  const Sign = SIGNS[indication]
  return (
    <span className={`indicator ${indication}`} role="status" title={wordsOf(status)}>
      <Sign size={14} aria-hidden />
      <span>{wordsOf(status)}</span>
    </span>
  )
}

/** Each colleague once, however many tabs they have. */
function Others() {
  const { live } = useOpen()
  const people = new Map(useColleagues(live).map((one) => [one.user, one]))
  const shown = [...people.values()].slice(0, 5)
  const more = people.size - shown.length
  if (people.size === 0) return null
  return (
    <section className="avatars others" aria-label={`Others here: ${people.size}`}>
      {shown.map((one) => (
        <Avatar key={one.user} id={one.user} name={one.name} />
      ))}
      {more > 0 && <span className="avatar">+{more}</span>}
    </section>
  )
}

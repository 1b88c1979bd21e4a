/** One project: its bar, its news, and the view that is open. */
import '../styles/project.css'
import { lazy, memo, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { api, got } from '../api/client'
import type { Project, Role } from '../api/types'
import { usePerson } from '../app/person'
import { followed } from '../app/router'
import { useTell } from '../app/toasts'
import { GraphFollower } from '../live/GraphFollower'
import { LiveProject } from '../live/LiveProject'
import { OpenContext, useStatus } from '../live/useLive'
import { useAsked } from '../ui/useAsked'
import { Waiting } from '../ui/Waiting'
import { Notices } from './Notices'
import { type AgentSwitch, ProjectBar, VIEWS, type View } from './ProjectBar'

const Board = lazy(() => import('../board/Board'))
const Plan = lazy(() => import('../plan/Plan'))
const Diagrams = lazy(() => import('../diagrams/Diagrams'))
const History = lazy(() => import('../history/History'))
const AgentPanel = lazy(() => import('../agent/AgentPanel'))

export default function ProjectPage({ id, view }: { id: string; view: string }) {
  const live = useLiveProject(id)
  if (live === null) return <Waiting />
  return (
    <OpenProject key={live.id} live={live} view={VIEWS.find((one) => one === view) ?? 'board'} />
  )
}

/** Opens the project while it is shown. */
function useLiveProject(id: string): LiveProject | null {
  const person = usePerson()
  const [live, setLive] = useState<LiveProject | null>(null)
  const { id: user, name, email } = person
  useEffect(() => {
    const opened = new LiveProject(id, { id: user, name: name || email })
    let current = true
    void opened.read.then(() => {
      if (current) setLive(opened)
    })
    return () => {
      current = false
      setLive(null)
      opened.destroy()
    }
  }, [id, user, name, email])
  return live
}

function OpenProject({ live, view }: { live: LiveProject; view: View }) {
  const status = useStatus(live)
  const { project, told } = useProject(live, status.refusal, status.trouble?.kind ?? null)
  const role: Role = project?.role ?? 'viewer'
  const isHere = status.trouble?.kind !== 'gone' && status.trouble?.kind !== 'logged-out'
  // What one types before the role is known is refused if it must be; offline, it is kept.
  const canWrite =
    isHere && (project === null ? status.trouble?.kind === 'offline' : role !== 'viewer')
  const agent = useAgentPanel()
  const { call: askAgent } = agent
  const open = useMemo(() => ({ live, role, canWrite, askAgent }), [live, role, canWrite, askAgent])
  useEffect(() => {
    if (project) document.title = `${project.title} · 8gentc`
    return () => {
      document.title = '8gentc'
    }
  }, [project])
  useEffect(() => live.presence.show(view), [live, view])
  useEffect(() => {
    if (!canWrite) return
    const follower = new GraphFollower(live)
    return () => follower.destroy()
  }, [live, canWrite])
  useLeavingWarning(status.unsaved)
  if (status.trouble?.kind === 'gone' && !status.unsaved) return <Gone />
  return (
    <OpenContext value={open}>
      <div className="project">
        <ProjectBar project={project} view={view} status={status} agent={agent} />
        <Notices status={status} role={project?.role ?? null} told={told} />
        <div className="project-body">
          <main className="project-view">
            <Shown view={view} />
          </main>
          {agent.calls > 0 && (
            <Suspense>
              <AgentPanel call={agent.calls} onClose={agent.close} />
            </Suspense>
          )}
        </div>
      </div>
    </OpenContext>
  )
}

/** A view hears of what it shows by itself: it is not drawn anew whenever something is saved. */
const Shown = memo(function Shown({ view }: { view: View }) {
  return (
    <Suspense fallback={<Waiting />}>
      {view === 'board' && <Board />}
      {view === 'plan' && <Plan />}
      {view === 'diagrams' && <Diagrams />}
      {view === 'history' && <History />}
    </Suspense>
  )
})

/** The agent's panel: shut, or called so many times. Ctrl or Cmd and K call it from anywhere. */
function useAgentPanel(): AgentSwitch {
  const [calls, setCalls] = useState(window.location.hash === '#agent' ? 1 : 0)
  const call = useCallback(() => setCalls((before) => before + 1), [])
  const close = useCallback(() => {
    setCalls(0)
    document.querySelector<HTMLElement>('.agent-button')?.focus()
  }, [])
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key !== 'k') return
      event.preventDefault()
      call()
    }
    window.addEventListener('keydown', hear)
    return () => window.removeEventListener('keydown', hear)
  }, [call])
  return useMemo(() => ({ calls, call, close }), [calls, call, close])
}

/** What the API says of the project; asked again whenever the server refuses something. */
function useProject(live: LiveProject, refusal: string | null, trouble: string | null) {
  const tell = useTell()
  const [shown, setShown] = useState<Project | null>(null)
  const ask = useCallback(
    () => got(api.GET('/projects/{project_id}', { params: { path: { project_id: live.id } } })),
    [live],
  )
  const { value, told, again } = useAsked(ask)
  // biome-ignore lint/correctness/useExhaustiveDependencies: both are news about what one may do
  useEffect(again, [refusal, trouble, again])
  useEffect(() => {
    if (value === null || value === shown) return
    setShown(value)
    if (shown === null || shown.role === value.role) return
    tell(`You are now ${value.role} of this project.`)
    // Marks come back on a fresh connection only, once something was refused on this one.
    if (shown.role === 'viewer') live.connection.renew()
  }, [value, shown, live, tell])
  return { project: value, told: trouble === null ? told : null }
}

/** Asks before a tab with unsaved work is closed. */
function useLeavingWarning(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [unsaved])
}

function Gone() {
  return (
    <main className="empty">
      <h1>This project is not yours to see</h1>
      <p>It does not exist, was deleted, or you are not a member of it any more.</p>
      <a className="button primary" href="/" onClick={followed}>
        Your projects
      </a>
    </main>
  )
}

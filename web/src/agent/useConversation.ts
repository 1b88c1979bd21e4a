/** What was asked of the agent here and what comes of it, kept current while runs go on. */
import { useCallback, useEffect, useState } from 'react'
import { api, got } from '../api/client'
import type { Run } from '../api/types'
import type { Proposal } from '../document/proposals'
import { useElements } from '../document/useElements'
import { useColleagues, useOpen } from '../live/useLive'
import { useAsked } from '../ui/useAsked'
import { decided, isBusy, type Turn, turnsOf, withRun } from './runs'

const SHOWN = 40
/** A browser opens only six requests at a time to one host, over all its tabs. */
const MOST_FOLLOWED = 2

interface Conversation {
  turns: readonly Turn[]
  told: string | null
  /** Something is known of a run. */
  hear: (run: Run) => void
  again: () => void
}

export function useConversation(): Conversation {
  const { live } = useOpen()
  const ask = useCallback(() => read(live.id), [live])
  const { value, told, again } = useAsked(ask)
  const [runs, setRuns] = useState<readonly Run[]>([])
  useEffect(() => setRuns(value?.runs ?? []), [value])
  const hear = useCallback(
    (run: Run) => {
      setRuns((now) => withRun(now, run))
      if (!isBusy(run)) again()
    },
    [again],
  )
  const open = useElements(live.proposals).filter((one) => one.isOpen)
  useNews(open, again)
  useSettled(live.id, runs, open, hear)
  const busy = runs.filter(isBusy).slice(0, MOST_FOLLOWED)
  useFollowed(live.id, busy.map((run) => run.id).join(' '), hear, again)
  return { turns: turnsOf(runs, value?.messages ?? []), told, hear, again }
}

async function read(project: string) {
  const path = { project_id: project }
  const [runs, said] = await Promise.all([
    got(api.GET('/projects/{project_id}/runs', { params: { path, query: { limit: SHOWN } } })),
    got(
      api.GET('/projects/{project_id}/conversation', {
        params: { path, query: { limit: 2 * SHOWN } },
      }),
    ),
  ])
  return { runs: runs.items, messages: said.items }
}

/** Asks again when an agent comes or goes, whoever asked it, and when proposals are decided. */
function useNews(open: readonly Proposal[], again: () => void): void {
  const { live } = useOpen()
  const agents = useColleagues(live).flatMap((one) => one.run ?? [])
  const seen = [...agents, ...open.map((one) => one.id)].join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: another set is the news
  useEffect(again, [seen, again])
}

/** The server looks whether a run still waits when it is asked about that run. */
function useSettled(
  project: string,
  runs: readonly Run[],
  open: readonly Proposal[],
  hear: (run: Run) => void,
): void {
  const waiting = decided(runs, open).join(' ')
  useEffect(() => {
    for (const run of waiting.split(' ').filter(Boolean)) {
      const params = { path: { project_id: project, run_id: run } }
      got(api.GET('/projects/{project_id}/runs/{run_id}', { params }))
        .then((details) => details.run.status !== 'waiting' && hear(details.run))
        // What is shown then is a moment old, and is asked for again with the next news.
        .catch(() => undefined)
    }
  }, [project, waiting, hear])
}

/** Follows runs by their server-sent events. */
function useFollowed(
  project: string,
  runs: string,
  hear: (run: Run) => void,
  again: () => void,
): void {
  useEffect(() => {
    const sources = runs
      .split(' ')
      .filter(Boolean)
      .map((run) => follow(project, run, hear, again))
    return () => {
      for (const source of sources) source.close()
    }
  }, [project, runs, hear, again])
}

function follow(
  project: string,
  run: string,
  hear: (run: Run) => void,
  again: () => void,
): EventSource {
  const source = new EventSource(`/api/v1/projects/${project}/runs/${run}/events`)
  source.addEventListener('run', (event) => {
    const news = JSON.parse(event.data) as Run
    if (!isBusy(news)) source.close()
    hear(news)
  })
  // A broken line is taken up again by the browser; a refusal is not.
  source.addEventListener('error', () => source.readyState === EventSource.CLOSED && again())
  return source
}

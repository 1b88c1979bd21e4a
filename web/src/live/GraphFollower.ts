/**
 * Keeps the sources of derived diagrams in step with the graph.
 *
 * Of all who may write, one does it: whoever has the smallest client id. If two did, both would
 * insert the same text. It waits until the graph has been quiet, and does nothing unless what it
 * knows is what the server knows.
 */
import { followGraph } from '../document/diagrams'
import { flowchart } from '../document/flowchart'
import type { LiveProject } from './LiveProject'

const QUIET = 800

export class GraphFollower {
  readonly #live: LiveProject
  readonly #leave: (() => void)[]
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(live: LiveProject) {
    this.#live = live
    const { nodes, edges, diagrams, presence, connection } = live
    this.#leave = [
      nodes.subscribe(this.#later),
      edges.subscribe(this.#later),
      diagrams.subscribe(this.#later),
      connection.subscribe(this.#later),
    ]
    presence.writes(true)
    this.#later()
  }

  destroy(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const leave of this.#leave) leave()
    this.#live.presence.writes(false)
  }

  #later = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#follow, QUIET)
  }

  #follow = (): void => {
    this.#timer = null
    const { document, nodes, edges, diagrams, presence, connection } = this.#live
    const first = Math.min(document.doc.clientID, ...presence.writers())
    if (first !== document.doc.clientID || !connection.status().synced) return
    if (!diagrams.all().some((one) => one.derived)) return
    followGraph(document, diagrams.all(), flowchart(nodes.all(), edges.all()))
  }
}

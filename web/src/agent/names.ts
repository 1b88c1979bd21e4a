/** What people call an element. */
import type { Kind } from '../api/types'
import type { LiveProject } from '../live/LiveProject'

export function nameOf(live: LiveProject, kind: Kind, id: string): string {
  switch (kind) {
    case 'node':
      return live.nodes.get(id)?.label || 'a node'
    case 'section':
      return live.sections.get(id)?.title || 'an untitled section'
    case 'diagram':
      return live.diagrams.get(id)?.title || 'an untitled diagram'
    case 'edge':
      return live.edges.get(id)?.label || 'an edge'
  }
}

/**
 * One open project: document, connection, presence, what this browser keeps, and undo per view.
 *
 * What does not live here: views. Law kept: nothing typed is only in memory; IndexedDB has it
 * before the network does.
 */
import { IndexeddbPersistence } from 'y-indexeddb'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { type Diagram, readDiagram } from '../document/diagrams'
import { ElementStore } from '../document/ElementStore'
import { type Edge, readEdge } from '../document/edges'
import { type Node, readNode } from '../document/nodes'
import { type ProjectDocument, projectDocument, undoOf } from '../document/project'
import { type Proposal, readProposal } from '../document/proposals'
import { readSection, type Section } from '../document/sections'
import { Attention } from './Attention'
import { Connection } from './Connection'
import { databaseOf, unsavedKeyOf } from './kept'
import { Presence } from './presence'

export class LiveProject {
  readonly id: string
  readonly document: ProjectDocument
  readonly nodes: ElementStore<Node>
  readonly edges: ElementStore<Edge>
  readonly sections: ElementStore<Section>
  readonly diagrams: ElementStore<Diagram>
  readonly proposals: ElementStore<Proposal>
  readonly attention = new Attention()
  readonly presence: Presence
  readonly connection: Connection
  readonly undo: { board: Y.UndoManager; plan: Y.UndoManager; diagrams: Y.UndoManager }
  readonly #kept: IndexeddbPersistence
  #ended = false

  constructor(id: string, person: { id: string; name: string }) {
    const doc = new Y.Doc()
    const awareness = new Awareness(doc)
    this.id = id
    this.document = projectDocument(doc)
    const { nodes, edges, plan, diagrams, proposals } = this.document
    this.nodes = new ElementStore(nodes, readNode)
    this.edges = new ElementStore(edges, readEdge)
    this.sections = new ElementStore(plan, readSection)
    this.diagrams = new ElementStore(diagrams, readDiagram)
    this.proposals = new ElementStore(proposals, readProposal)
    this.undo = {
      board: undoOf([nodes, edges]),
      plan: undoOf([plan]),
      diagrams: undoOf([diagrams]),
    }
    this.presence = new Presence(awareness, person)
    this.connection = new Connection(id, doc, awareness)
    this.#kept = new IndexeddbPersistence(databaseOf(person.id, id), doc)
    // Even a browser that keeps nothing (private windows, a full disk) connects.
    this.#kept.whenSynced
      .catch(() => undefined)
      .then(() => {
        if (!this.#ended) this.connection.start()
      })
  }

  /** Resolves once what this browser keeps has been read. */
  get read(): Promise<unknown> {
    return this.#kept.whenSynced.catch(() => undefined)
  }

  /** Forgets what this browser keeps of the project, unsaved edits included. */
  async forget(): Promise<void> {
    localStorage.removeItem(unsavedKeyOf(this.id))
    await this.#kept.clearData()
  }

  destroy(): void {
    this.#ended = true
    this.connection.destroy()
    this.presence.destroy()
    for (const manager of Object.values(this.undo)) manager.destroy()
    const { nodes, edges, sections, diagrams, proposals } = this
    for (const store of [nodes, edges, sections, diagrams, proposals]) store.destroy()
    this.document.doc.destroy()
  }
}

// Parses diagrams with genuine Mermaid, in a browser's objects of jsdom.
// In:  [source]
// Out: [{error} or {kind, labels}]  labels: all text that the diagram shows, in the order written
import { JSDOM } from 'jsdom'
import { answer, request } from './stdin.mjs'

const { window } = new JSDOM('')
Object.assign(globalThis, { window, document: window.document })
const { default: mermaid } = await import('mermaid')
mermaid.initialize({ startOnLoad: false, maxEdges: 100000, maxTextSize: 1e9 })

// Mermaid hides entities from its grammars by these marks, and shows them again when it draws.
const shown = (text) => {
  const div = document.createElement('textarea')
  div.innerHTML = text.replace(/ﬂ°°/g, '&#').replace(/ﬂ°/g, '&').replace(/¶ß/g, ';')
  return div.value
}

const branch = ({ descr, children }) => [descr, ...children.flatMap(branch)]
const named = (states) => [...states.values()].filter(({ descriptions }) => descriptions.length)

const READ = {
  'flowchart-v2': (db) => [...db.getVertices().values(), ...db.getEdges()].map(({ text }) => text),
  sequence: (db) => [
    ...[...db.getActors().values()].map(({ description }) => description),
    ...db.getMessages().map(({ message }) => message),
  ],
  mindmap: (db) => branch(db.getMindmap()),
  gantt: (db) => [db.getDiagramTitle(), ...db.getTasks().flatMap(({ section, task }) => [section, task])],
  stateDiagram: (db) => [
    ...named(db.getStates()).map(({ descriptions }) => descriptions.join('\n')),
    ...db.getRelations().map(({ relationTitle }) => relationTitle).filter((title) => title),
  ],
  timeline: (db) => db.getTasks().flatMap(({ task, events }) => [task, ...events]),
}

const parsed = async (source) => {
  try {
    await mermaid.parse(source)
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(source)
    const labels = READ[diagram.type](diagram.db)
    return { kind: diagram.type, labels: labels.map((label) => shown(label).trim()) }
  } catch (error) {
    return { error: String(error.message ?? error) }
  }
}

const answers = []
for (const source of request()) answers.push(await parsed(source))
answer(answers)

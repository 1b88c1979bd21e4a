// A browser's first edits to a seeded project.
// In:  the seed as hex    Out: {update}
import { readFileSync } from 'node:fs'
import * as Y from 'yjs'
import { answer, bytes, hex } from './stdin.mjs'

const map = (entries) => new Y.Map(Object.entries(entries))
const doc = new Y.Doc()
Y.applyUpdate(doc, bytes(readFileSync(0, 'utf8')))
const node = { label: 'Käse 😀', kind: 'task', x: 10, y: 0.5, content: new Y.Text('日本') }
doc.getMap('nodes').set('n1', map(node))
doc.getMap('plan').set('s1', map({ title: 'One', body: new Y.Text('# One'), rank: 'a0' }))
answer({ update: hex(Y.encodeStateAsUpdate(doc)) })

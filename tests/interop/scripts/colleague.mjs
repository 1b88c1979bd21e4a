// A browser beside the agent: where it sees the agent's cursor, and what it does itself.
// In:  {update, section, presence, proposal?}   presence: JSON text of the agent's state
// Out: {index, length, cursors, update}   index: of the agent's cursor in the section's body;
//      cursors: presence states of this browser at the start, middle and end of the body;
//      update: its document after accepting the proposal, as the rules say
import * as Y from 'yjs'
import { answer, bytes, hex, request } from './stdin.mjs'

const { update, section, presence, proposal } = request()
const doc = new Y.Doc()
doc.clientID = 4242
Y.applyUpdate(doc, bytes(update))
const body = doc.getMap('plan').get(section).get('body')

const anchor = Y.createRelativePositionFromJSON(JSON.parse(presence).cursor.anchor)
const found = Y.createAbsolutePositionFromRelativePosition(anchor, doc)
const at = (index) => {
  const anchor = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(body, index))
  return JSON.stringify({ user: { name: 'B' }, cursor: { anchor, head: anchor } })
}
const cursors = [0, Math.floor(body.length / 2), body.length].map(at)

if (proposal) {
  const one = doc.getMap('proposals').get(proposal)
  const text = doc.getMap(one.get('root')).get(one.get('element')).get('body')
  doc.transact(() => {
    text.insert(text.length, one.get('text').toString())
    one.set('status', 'accepted')
  })
}
answer({
  index: found?.type === body ? found.index : null,
  length: body.length,
  cursors,
  update: hex(Y.encodeStateAsUpdate(doc)),
})

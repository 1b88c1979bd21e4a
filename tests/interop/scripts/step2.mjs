// What a genuine client sends in step 2: it loads `updates`, makes `edits` to the root map
// "m", and answers the server's state vector.
// In:  {updates: [...], state_vector, edits: [[key, value]]}
// Out: {step2, state_vector}
import * as Y from 'yjs'
import { answer, bytes, hex, request } from './stdin.mjs'

const { updates, state_vector: stateVector, edits } = request()
const doc = new Y.Doc()
doc.clientID = 4243
for (const update of updates) Y.applyUpdate(doc, bytes(update))
for (const [key, value] of edits) doc.getMap('m').set(key, value)
answer({
  step2: hex(Y.encodeStateAsUpdate(doc, bytes(stateVector))),
  state_vector: hex(Y.encodeStateVector(doc)),
})

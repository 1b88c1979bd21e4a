// Edits a text as a browser does, by UTF-16 index.
// In:  {update, edits: [{at, remove?, insert?}]}  on the root text "t"
// Out: {update, text, length}  after all edits
import * as Y from 'yjs'
import { answer, bytes, hex, request } from './stdin.mjs'

const { update, edits } = request()
const doc = new Y.Doc()
doc.clientID = 4242
Y.applyUpdate(doc, bytes(update))
const text = doc.getText('t')
for (const { at, remove, insert } of edits) {
  if (remove) text.delete(at, remove)
  if (insert) text.insert(at, insert)
}
answer({ update: hex(Y.encodeStateAsUpdate(doc)), text: text.toString(), length: text.length })

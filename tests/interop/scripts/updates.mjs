// Documents with every kind of content that Yjs writes.
// Out: [{name, update, state, snapshot}]  as hex
import * as Y from 'yjs'
import { answer, hex } from './stdin.mjs'

const edits = {
  text: (doc) => {
    const text = doc.getText('t')
    text.insert(0, 'aé日😀b')
    text.insert(1, 'bold', { bold: true, link: { href: 'x', list: [1, null] } })
    text.insertEmbed(0, { image: '\u{1F600}' })
    text.delete(2, 3)
  },
  'half an emoji': (doc) => {
    doc.getText('t').insert(0, 'a😀b')
    doc.getText('t').delete(1, 1)
  },
  values: (doc) => {
    doc.getArray('a').push([1, -2.5, 1e300, 'x', true, null, { a: [{}] }])
    doc.getArray('a').push([new Uint8Array([1, 2])])
    doc.getMap('m').set('big', 2n ** 40n)
    doc.getMap('m').set('none', undefined)
    doc.getMap('m').set('k', 1)
    doc.getMap('m').set('k', new Y.Map([['n', new Y.Text('in')]]))
    doc.getMap('m').delete('k')
  },
  xml: (doc) => {
    const p = new Y.XmlElement('p')
    doc.getXmlFragment('x').insert(0, [p, new Y.XmlText('t')])
    p.setAttribute('class', 'c')
    p.insert(0, [new Y.XmlText('in'), new Y.XmlElement('b')])
  },
  subdocument: (doc) => doc.getMap('m').set('d', new Y.Doc({ guid: 'g', meta: { a: 1 } })),
  'two clients': (doc) => {
    const other = new Y.Doc()
    other.getText('t').insert(0, 'theirs')
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    doc.getText('t').insert(3, 'ours')
    doc.getText('t').delete(1, 4)
  }
}

answer(Object.entries(edits).map(([name, edit]) => {
  const doc = new Y.Doc()
  edit(doc)
  return {
    name,
    update: hex(Y.encodeStateAsUpdate(doc)),
    state: hex(Y.encodeStateVector(doc)),
    snapshot: hex(Y.encodeSnapshot(Y.snapshot(doc)))
  }
}))

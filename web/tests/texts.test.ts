/** Texts are changed where they differ; the graph reads as the server writes it. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flowchart } from '../src/document/flowchart'
import { replaceText } from '../src/document/replaceText'
import { countWords } from '../src/plan/words'
import graph from './flowchart.json'

describe('replacing a text', () => {
  it.each([
    ['', 'new'],
    ['old', ''],
    ['one two three', 'one 2 three'],
    ['aaa', 'aaaa'],
    ['abab', 'ab'],
    ['🚲', '🚳'],
    ['x🚲y', 'x🚳y'],
    ['same', 'same'],
  ])('makes %j say %j', (before, after) => {
    const text = new Y.Doc().getText()
    text.insert(0, before)
    replaceText(text, after)
    expect(text.toString()).toBe(after)
  })

  it('leaves what somebody types elsewhere alone', () => {
    const [one, other] = [new Y.Doc(), new Y.Doc()]
    one.getText().insert(0, 'start middle end')
    Y.applyUpdate(other, Y.encodeStateAsUpdate(one))
    other.getText().insert(0, 'Their ')
    replaceText(one.getText(), 'start centre end')
    Y.applyUpdate(one, Y.encodeStateAsUpdate(other))
    expect(one.getText().toString()).toBe('Their start centre end')
  })

  it('never parts a pair of surrogates', () => {
    const text = new Y.Doc().getText()
    text.insert(0, 'a🚲')
    const pieces: unknown[] = []
    text.observe((event) => pieces.push(...event.changes.delta.map((one) => one.insert)))
    replaceText(text, 'a🚳')
    expect(pieces).toContain('🚳')
  })
})

describe('the graph as a flowchart', () => {
  it('is the text that the server makes of it', () => {
    expect(flowchart(graph.nodes, graph.edges)).toBe(graph.source)
  })
})

describe('counting words', () => {
  it.each([
    ['', 0],
    ['one, two!', 2],
    ['**bold** — yes', 2],
  ])('finds in %j %i', (text, count) => expect(countWords(text)).toBe(count))

  it('counts where no spaces part them', () =>
    expect(countWords('私は自転車で行く')).toBeGreaterThan(2))
})

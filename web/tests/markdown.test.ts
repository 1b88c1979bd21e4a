// @vitest-environment jsdom
/** Markdown of anybody executes nothing and loads nothing. */
import { describe, expect, it } from 'vitest'
import { linkedNode, nodeLink, renderMarkdown } from '../src/plan/renderMarkdown'

const ACTIVE = /<script|<img|<svg|<iframe|<style|<form|<input|\son\w+=|javascript:|data:|srcdoc/i

describe('rendered Markdown', () => {
  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '![x](https://elsewhere.example/pixel.png)',
    '![x"onload="alert(1)](javascript:alert(1))',
    '<svg onload=alert(1)><a xlink:href="javascript:alert(1)"></svg>',
    '<style>@import "https://elsewhere.example";</style>',
    '<iframe srcdoc="<script>alert(1)</script>">',
    '<form action=https://elsewhere.example><input name=password>',
    '<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  ])('of %s is inert', (source) => {
    const page = document.createElement('div')
    page.innerHTML = renderMarkdown(source)
    expect(page.innerHTML.replace(/>[^<]*</g, '><')).not.toMatch(ACTIVE)
  })

  it('keeps what Markdown is for', () => {
    const html = renderMarkdown('# A\n\n- **b**\n- [c](https://example.org)\n\n| d |\n|---|\n| e |')
    for (const part of ['<h1>A</h1>', '<strong>b</strong>', 'rel="noopener', '<table>']) {
      expect(html).toContain(part)
    }
  })

  it('links to nodes, whatever they are called', () => {
    const html = renderMarkdown(nodeLink('a b/c', 'x] [y](z'))
    const page = document.createElement('div')
    page.innerHTML = html
    expect(linkedNode(page.querySelector('a')?.getAttribute('href') ?? null)).toBe('a b/c')
  })
})

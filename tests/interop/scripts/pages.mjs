// A browser without a screen: opens pages of a server one after the other, fills in what it is
// told to, and says what a person would see. Input: [{ url, form, fields }], one JSON value.
import { JSDOM, CookieJar, VirtualConsole } from 'jsdom'

import { answer, request } from './stdin.mjs'

const jar = new CookieJar()
const patience = 10000
let asking = 0

const fetching = window => async (path, init) => {
  asking += 1
  try {
    const url = new URL(path, window.document.baseURI)
    const headers = { ...init.headers, Origin: url.origin, Cookie: jar.getCookieStringSync(url.href) }
    const got = await fetch(url, { ...init, headers })
    for (const cookie of got.headers.getSetCookie()) jar.setCookieSync(cookie, url.href)
    return got
  } finally {
    asking -= 1
  }
}

const pause = () => new Promise(resolve => setTimeout(resolve, 5))

// Until scripts are loaded and nothing is asked any more.
async function settled (window) {
  const end = Date.now() + patience
  let quiet = 0
  while (quiet < 5) {
    if (Date.now() > end) throw new Error('the page does not come to rest')
    await pause()
    quiet = asking === 0 && window.document.readyState === 'complete' ? quiet + 1 : 0
  }
}

async function visit ({ url, form, fields }) {
  const errors = []
  const virtualConsole = new VirtualConsole()
  virtualConsole.on('jsdomError', error => errors.push(error.message))
  const page = await JSDOM.fromURL(url, {
    cookieJar: jar,
    resources: 'usable',
    runScripts: 'dangerously',
    virtualConsole,
    beforeParse: window => { window.fetch = fetching(window) }
  })
  const { window } = page
  await settled(window)
  const offered = shown(window)
  if (form !== undefined) {
    const chosen = window.document.getElementById(form)
    if (chosen === null || chosen.hidden) throw new Error(`there is no form ${form} to fill in`)
    for (const [name, value] of Object.entries(fields ?? {})) chosen.elements[name].value = value
    chosen.requestSubmit()
    await settled(window)
  }
  const seen = {
    offered,
    news: window.document.getElementById('news').textContent,
    text: window.document.querySelector('main').textContent,
    forms: shown(window),
    links: [...window.document.querySelectorAll('a')].map(one => one.getAttribute('href')),
    address: window.location.href,
    errors
  }
  window.close()
  return seen
}

const shown = window =>
  [...window.document.querySelectorAll('form')].filter(one => !one.hidden).map(one => one.id)

const seen = []
for (const one of request()) seen.push(await visit(one))
answer(seen)

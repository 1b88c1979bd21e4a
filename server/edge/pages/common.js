'use strict'

// What the pages share: to ask the API, to say how it went, to take a secret out of sight.

const news = document.getElementById('news')

function say (text) {
  news.textContent = text
}

function show (...ids) {
  for (const part of document.querySelectorAll('form, .step')) {
    part.hidden = !ids.includes(part.id)
  }
}

async function ask (method, path, body) {
  const answer = await fetch('api/v1/' + path, {
    method,
    headers: method === 'GET' ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body)
  })
  const text = await answer.text()
  const told = text === '' ? {} : JSON.parse(text)
  return { ok: answer.ok, status: answer.status, told }
}

// Does `act` with what was filled in. An empty field counts as left out.
function whenSent (id, act) {
  const form = document.getElementById(id)
  form.addEventListener('submit', async event => {
    event.preventDefault()
    const button = form.querySelector('button')
    const given = {}
    for (const field of form.querySelectorAll('input')) {
      if (field.value !== '') given[field.name] = field.value
    }
    button.disabled = true
    try {
      await act(given)
    } catch {
      say('The server does not answer. Try again in a moment.')
    } finally {
      button.disabled = false
    }
  })
}

// Out of the address bar and the history before anything else happens to it.
function takeLink () {
  const link = new URLSearchParams(location.search).get('link')
  history.replaceState(null, '', location.pathname)
  return link
}

function takeCode () {
  const code = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return code
}

// Ways in that are somebody else's; `next` is where they lead back to.
function offer (providers, next) {
  const list = document.getElementById('providers')
  for (const one of providers) {
    const way = document.createElement('a')
    way.href = 'api/v1/auth/providers/' + encodeURIComponent(one.name) +
      '/login?next=' + encodeURIComponent(next)
    way.textContent = 'Log in with ' + one.title
    const item = document.createElement('p')
    item.append(way)
    list.append(item)
  }
}

// Opens a session; asks for a second factor where there is one.
async function logIn (given, then) {
  const answer = await ask('POST', 'auth/login', given)
  if (answer.ok) {
    await then(answer.told.user)
  } else {
    say(answer.told.detail)
  }
}

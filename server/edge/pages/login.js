'use strict'

async function greet (user) {
  show()
  say('You are logged in as ' + user.email + '.')
}

async function begin () {
  const link = takeLink()
  if (link === null) {
    show('login')
    const { told } = await ask('GET', 'auth/methods')
    offer(told.providers, location.pathname)
    return
  }
  const answer = await ask('POST', 'auth/link', { link })
  if (answer.ok) {
    await greet(answer.told.user)
  } else {
    show('login')
    say(answer.told.detail)
  }
}

whenSent('login', given => logIn(given, greet))
begin()

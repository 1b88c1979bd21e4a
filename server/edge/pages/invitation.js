'use strict'

const code = takeCode()
const path = 'invitations/' + encodeURIComponent(code)

function greet (user) {
  show('join')
  say('You are logged in as ' + user.email + '.')
}

// Somebody without a session logs in, or makes an account by this very invitation.
async function introduce () {
  const { told } = await ask('GET', 'auth/methods')
  const forms = ['login']
  if (told.registration !== 'closed') forms.push(told.proves_addresses ? 'address' : 'account')
  show(...forms)
  offer(told.providers, location.pathname + '#' + code)
}

async function begin () {
  const found = await ask('GET', path)
  if (!found.ok) {
    show()
    say('This invitation does not hold any more. Ask for another.')
    return
  }
  document.getElementById('what').textContent =
    'You are invited to “' + found.told.title + '” as ' + found.told.role + '.'
  const me = await ask('GET', 'users/me')
  if (me.ok) greet(me.told)
  else await introduce()
}

whenSent('login', given => logIn(given, greet))
whenSent('address', async given => {
  const answer = await ask('POST', 'auth/register', { ...given, invitation: code })
  say(answer.ok
    ? 'If all is well, a mail is on its way to you. Make your account by it, then open this ' +
      'invitation again.'
    : answer.told.detail)
})
whenSent('account', async given => {
  const answer = await ask('POST', 'auth/register', { ...given, invitation: code })
  if (answer.ok) greet(answer.told.user)
  else say(answer.told.detail)
})
whenSent('join', async () => {
  const answer = await ask('POST', path + '/accept')
  if (answer.ok) {
    show()
    say('You are in “' + answer.told.title + '” as ' + answer.told.role + ' now.')
  } else {
    say(answer.told.detail)
  }
})
begin()

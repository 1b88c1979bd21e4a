'use strict'

const link = takeLink()

async function welcome (answer) {
  if (answer.ok) {
    show()
    say(answer.status === 202 ? answer.told.detail : 'Welcome, ' + answer.told.user.name + '.')
  } else {
    say(answer.told.detail)
  }
}

async function begin () {
  if (link !== null) {
    show('confirm')
    return
  }
  const { told } = await ask('GET', 'auth/methods')
  if (told.registration === 'open') {
    show(told.proves_addresses ? 'address' : 'account')
  } else {
    say('Accounts here are made by invitation.')
  }
}

whenSent('confirm', async given => {
  await welcome(await ask('POST', 'auth/register/confirm', { ...given, link }))
})
for (const id of ['address', 'account']) {
  whenSent(id, async given => welcome(await ask('POST', 'auth/register', given)))
}
begin()

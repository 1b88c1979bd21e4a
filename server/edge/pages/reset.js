'use strict'

const link = takeLink()

show(link === null ? 'forgotten' : 'choose')
whenSent('forgotten', async given => {
  const answer = await ask('POST', 'auth/password/forgot', given)
  say(answer.told.detail)
})
whenSent('choose', async given => {
  const answer = await ask('POST', 'auth/password/reset', { ...given, link })
  if (answer.ok) {
    show('done')
    say('Your password is changed.')
  } else {
    say(answer.told.detail)
  }
})

'use strict'

const link = takeLink()

if (link === null) {
  show()
  say('Open this page by the link that was mailed to you.')
} else {
  show('confirm')
}
whenSent('confirm', async () => {
  const answer = await ask('POST', 'auth/email', { link })
  if (answer.ok) {
    show()
    say('Your address is ' + answer.told.email + ' now.')
  } else {
    say(answer.told.detail)
  }
})

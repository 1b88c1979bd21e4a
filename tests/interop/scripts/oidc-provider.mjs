// A real OpenID Connect provider, until its standard input ends.
// In:  one line {jwks, client_id, client_secret, redirect_uri}
// Out: one line {issuer}, once it listens
// Whoever logs in is called what they type; "unproved" has an address that nobody verified.
import { createInterface } from 'node:readline'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const wanted = JSON.parse((await lines.next()).value)
const server = createServer()
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://localhost:${server.address().port}`

const provider = new Provider(issuer, {
  clients: [{
    client_id: wanted.client_id,
    client_secret: wanted.client_secret,
    redirect_uris: [wanted.redirect_uri],
    response_types: ['code'],
    grant_types: ['authorization_code']
  }],
  jwks: wanted.jwks,
  cookies: { keys: ['a key of this test'] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: id, email: `${id}@x.example`, email_verified: id !== 'unproved' })
  })
})
server.on('request', provider.callback())
console.log(JSON.stringify({ issuer }))
for await (const _ of lines);
process.exit(0)

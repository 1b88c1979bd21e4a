"""``/login``: what a one-time login link opens.

The page sends the link to the API, which puts a session into the browser, and takes it out
of the address bar. What does not live here: logging in (``server.edge.api.auth``).

Law kept: L11. The link is sent in a body, never again in a URL.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/login"
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
frame-ancestors 'none'"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>8gentc: log in</title>
<h1>8gentc</h1>
<p id="news" role="status"></p>
<form id="form" hidden>
<p><label>E-mail address<br><input name="email" type="email" autocomplete="username" required>
</label></p>
<p><label>Password<br>
<input name="password" type="password" autocomplete="current-password" required></label></p>
<p><label>Code, if you have a second factor<br>
<input name="code" inputmode="numeric" autocomplete="one-time-code"></label></p>
<p><button>Log in</button></p>
</form>
<p><a href="api/docs">The API</a></p>
<script src="login/login.js"></script>
</html>
"""
SCRIPT = """\
const news = document.getElementById('news')
const form = document.getElementById('form')

async function logIn (path, body) {
  const answer = await fetch('api/v1/auth/' + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body)
  })
  const told = await answer.json()
  form.hidden = answer.ok
  news.textContent = answer.ok ? 'You are logged in as ' + told.user.email + '.' : told.detail
}

form.addEventListener('submit', event => {
  event.preventDefault()
  const given = Object.fromEntries(new FormData(form))
  if (!given.code) delete given.code
  logIn('login', given)
})

const link = new URLSearchParams(location.search).get('link')
history.replaceState(null, '', location.pathname)
if (link === null) form.hidden = false
else logIn('link', { link })
"""


def login_routes() -> list[Route]:
    """The page and its script."""
    return [Route(PATH, _page), Route(f"{PATH}/login.js", _script)]


async def _page(_: Request) -> Response:
    return Response(PAGE, media_type="text/html", headers={"Content-Security-Policy": POLICY})


async def _script(_: Request) -> Response:
    return Response(SCRIPT, media_type="text/javascript")

"""The page of a login link runs its own script only, and takes the link out of sight (L11)."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.edge.login_page import login_routes


def test_page_and_script_are_served_and_name_nobody_else() -> None:
    client = TestClient(Starlette(routes=login_routes()))
    page, script = client.get("/login?link=8gl_secret"), client.get("/login/login.js")
    assert (page.status_code, script.status_code) == (200, 200)
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "8gl_secret" not in page.text
    assert "http" not in page.text
    assert script.text.index("replaceState") < script.text.index("logIn('link'")

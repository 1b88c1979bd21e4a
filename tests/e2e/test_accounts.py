"""Tried as a new user would, against a real server: registered, invited, connected with a
ticket, logged out (L8); and nothing secret is left behind in database or log (L11)."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pyotp
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from server.edge.sessions import COOKIE
from tests.e2e.server import Server

pytestmark = pytest.mark.slow

PASSWORD, NEW_PASSWORD = "correct horse battery", "staple the correct horse"
STEP_1 = b"\x00\x00\x01\x00"
SOON_S = 2.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = {"AGENTC_LOG_LEVEL": "debug", "AGENTC_ANONYMOUS_REQUESTS_PER_MINUTE": "1000"}
    with Server(tmp_path, settings=settings) as running:
        yield running


@pytest.fixture
def browsers(server: Server) -> Iterator["Browsers"]:
    """Makes browsers, and closes them."""
    with ExitStack() as ending:

        def browser() -> Browser:
            made = Browser(server)
            ending.callback(made.client.close)
            return made

        yield browser


Browsers = Callable[[], "Browser"]


class Browser:
    """Somebody's cookie jar."""

    def __init__(self, server: Server) -> None:
        base = f"http://127.0.0.1:{server.port}/api/v1"
        self.client = httpx2.Client(base_url=base, timeout=30)
        self._server = server

    def asks(self, method: str, path: str, status: int, **body: Any) -> Any:
        """What is answered with this status."""
        json = None if method == "GET" else body
        answer = self.client.request(method, path, json=json)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def registers(self, name: str) -> None:
        """A new account, and logged in."""
        body = {"email": f"{name}@x.example", "name": name, "password": PASSWORD}
        self.asks("POST", "/auth/register", 201, **body)

    def ticket(self, project: str) -> str:
        """For one websocket."""
        return str(self.asks("POST", f"/projects/{project}/ticket", 201)["ticket"])

    def connects(self, project: str, query: str = "", cookie: bool = False) -> ClientConnection:
        """A websocket with a ticket in its URL, or with the cookie alone."""
        headers = {"Cookie": f"{COOKIE}={self.client.cookies[COOKIE]}"} if cookie else {}
        return connect(f"{self._server.yjs}/{project}{query}", additional_headers=headers)


def is_closed_soon(socket: ClientConnection) -> int:
    """The close code, within a second or so."""
    began = time.monotonic()
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    assert time.monotonic() - began < SOON_S
    assert socket.close_code is not None
    return socket.close_code


def refused(browser: Browser, project: str, query: str) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        browser.connects(project, query)
    return int(refusal.value.response.status_code)


def test_registered_invited_connected_by_ticket_and_closed_by_logging_out_L8(
    server: Server, browsers: Browsers
) -> None:
    ada, bo = browsers(), browsers()
    ada.registers("ada")
    project = ada.asks("POST", "/projects", 201, title="Bakery")["id"]
    other = ada.asks("POST", "/projects", 201, title="Other")["id"]
    invited = ada.asks("POST", f"/projects/{project}/invitations", 201, role="editor")
    bo.registers("bo")
    bo.asks("POST", f"/invitations/{invited['code']}/accept", 200)
    by_ticket = f"?ticket={ada.ticket(project)}"
    with (
        ada.connects(project, by_ticket) as hers,
        bo.connects(project, f"?token={bo.ticket(project)}") as his,
        bo.connects(project, cookie=True) as his_too,
    ):
        for socket in (hers, his, his_too):
            socket.send(STEP_1)
            assert socket.recv(timeout=10)
        assert refused(ada, other, by_ticket) == 401
        assert refused(ada, project, by_ticket[:-2] + "xx") == 401
        bo.asks("POST", "/auth/logout", 204)
        assert [is_closed_soon(his) // 100, is_closed_soon(his_too) // 100] == [44, 44]
        hers.send(STEP_1)
        assert hers.recv(timeout=10)


def test_who_deletes_their_account_is_out_at_once_and_their_words_stay_L8(
    server: Server, browsers: Browsers
) -> None:
    ada, bo = browsers(), browsers()
    ada.registers("ada")
    bo.registers("bo")
    project = ada.asks("POST", "/projects", 201, title="Bakery")["id"]
    invited = ada.asks("POST", f"/projects/{project}/invitations", 201, role="editor")
    bo.asks("POST", f"/invitations/{invited['code']}/accept", 200)
    bo.asks("POST", f"/projects/{project}/nodes", 201, id="n", label="Bo's words")
    with bo.connects(project, cookie=True) as his:
        his.send(STEP_1)
        assert his.recv(timeout=10)
        bo.asks("POST", "/users/me/delete", 204, password=PASSWORD)
        assert is_closed_soon(his) // 100 == 44
    assert ada.asks("GET", f"/projects/{project}/nodes/n", 200)["label"] == "Bo's words"
    ada.asks("POST", "/users/me/delete", 409, password=PASSWORD)
    server.stop()
    assert "bo@x.example" not in "".join(people(server.folder))


def test_a_ticket_of_a_session_that_has_ended_opens_nothing_L8(
    server: Server, browsers: Browsers
) -> None:
    ada = browsers()
    ada.registers("ada")
    project = ada.asks("POST", "/projects", 201, title="Bakery")["id"]
    ticket = ada.ticket(project)
    ada.asks("POST", "/auth/logout", 204)
    assert refused(ada, project, f"?ticket={ticket}") == 401


def test_a_page_of_others_gets_no_websocket_with_a_cookie_L8(
    server: Server, browsers: Browsers
) -> None:
    ada = browsers()
    ada.registers("ada")
    project = ada.asks("POST", "/projects", 201, title="Bakery")["id"]
    cookie = {"Cookie": f"{COOKIE}={ada.client.cookies[COOKIE]}"}
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"{server.yjs}/{project}", additional_headers=cookie, origin="https://evil.example")  # type: ignore[call-overload]
    assert refusal.value.response.status_code == 403


def test_a_login_link_and_commands_let_people_in_and_keep_them_out_L8(
    server: Server, browsers: Browsers
) -> None:
    server.cli("user", "add", "ada@x.example", "--password-stdin", stdin=PASSWORD + "\n")
    ada, link = browsers(), server.json("user", "login-link", "ada@x.example")["link"]
    assert link.startswith("http://127.0.0.1:")
    text = link.partition("link=")[2]
    ada.asks("POST", "/auth/link", 200, link=text)
    ada.asks("POST", "/auth/link", 404, link=text)
    ada.asks("GET", "/users/me", 200)
    server.cli("user", "password", "ada@x.example", stdin=NEW_PASSWORD + "\n")
    ada.asks("GET", "/users/me", 401)
    ada.asks("POST", "/auth/login", 401, email="ada@x.example", password=PASSWORD)
    ada.asks("POST", "/auth/login", 200, email="ada@x.example", password=NEW_PASSWORD)
    server.cli("user", "disable", "ada@x.example")
    ada.asks("GET", "/users/me", 401)
    server.cli("user", "enable", "ada@x.example")
    ada.asks("GET", "/users/me", 200)
    invite = server.cli("user", "invite", "bo@x.example").strip().partition("link=")[2]
    bo = browsers()
    bo.asks("POST", "/auth/register/confirm", 201, link=invite, password=PASSWORD)
    assert bo.asks("GET", "/users/me", 200)["email"] == "bo@x.example"


def test_no_secret_is_in_the_database_or_in_a_full_debug_log_L11(
    server: Server, browsers: Browsers
) -> None:
    ada = browsers()
    ada.registers("ada")
    key = (server.folder / "data/secret").read_text()
    secrets = [PASSWORD, NEW_PASSWORD, key, ada.client.cookies[COOKIE]]
    project = ada.asks("POST", "/projects", 201, title="Bakery")["id"]
    token = ada.asks("POST", "/tokens", 201, label="script")["token"]
    secrets += [token, ada.ticket(project)]
    for query in (f"?ticket={secrets[-1]}", f"?token={token}"):
        with ada.connects(project, query) as socket:
            socket.send(STEP_1)
            socket.recv(timeout=10)
    assert refused(ada, project, f"?ticket={secrets[-1]}x") == 401
    seed = ada.asks("POST", "/users/me/second-factor", 201, password=PASSWORD)["seed"]
    app = pyotp.TOTP(seed)
    codes = ada.asks("POST", "/users/me/second-factor/confirm", 200, code=app.now())["codes"]
    secrets += [seed, *codes, *(code.replace("-", "") for code in codes)]
    login = {"email": "ada@x.example", "password": PASSWORD}
    ada.asks("POST", "/auth/login", 200, **login, code=codes[0])
    ada.asks("PUT", "/users/me/password", 204, current=PASSWORD, new=NEW_PASSWORD)
    secrets.append(ada.client.cookies[COOKIE])
    ada.asks("POST", "/auth/password/forgot", 202, email="ada@x.example")
    link = server.json("user", "login-link", "ada@x.example")["link"].partition("link=")[2]
    ada.client.get(f"http://127.0.0.1:{server.port}/login?link={link}")
    ada.asks("POST", "/auth/link", 200, link=link)
    secrets.append(link)
    path = f"/projects/{project}/invitations"
    for _ in range(2):  # The second answer is the first one, kept.
        kept = ada.client.post(path, json={"role": "viewer"}, headers={"Idempotency-Key": "k"})
        secrets.append(kept.json()["code"])
    assert secrets[-1] == secrets[-2]
    ada.asks("GET", f"/invitations/{secrets[-1]}", 200)
    server.stop()
    for where, text in (("database", dump(server.folder)), ("log", server.log())):
        assert len(text) > 1000, where
        found = [secret for secret in secrets if secret in text]
        assert found == [], where
    assert not re.search(r"\$argon2|8g[a-z]?_[A-Za-z0-9_-]{20}", server.log())


def people(folder: Path) -> Iterator[str]:
    """All rows that could name somebody."""
    [path] = folder.glob("data/*.db")
    with sqlite3.connect(path) as database:
        yield from (str(row) for row in database.execute("SELECT * FROM users"))
        yield from (str(row) for row in database.execute("SELECT * FROM invitations"))


def dump(folder: Path) -> str:
    """Everything in the database, bytes both as text and as hex."""
    [path] = folder.glob("data/*.db")
    raw = "".join(one.read_bytes().decode("latin-1") for one in folder.glob("data/*.db*"))
    with sqlite3.connect(path) as database:
        return raw + "\n".join(database.iterdump())

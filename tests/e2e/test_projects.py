"""Projects over REST beside live sockets: what is done to a project reaches who edits it."""

import time
from typing import Any

import httpx2
import pytest

from tests.e2e.server import Server, wait_for
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.usefixtures("database")]

SOON_S = 1.0


class Person:
    """Somebody with a token, who asks over HTTP."""

    def __init__(self, server: Server, name: str) -> None:
        self.token = server.add_user(f"{name}@x.example")
        self._url = f"http://127.0.0.1:{server.port}/api/v1"

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """What is answered; nothing for an empty answer. Fails unless it succeeds."""
        answer = httpx2.request(
            method,
            self._url + path,
            headers={"Authorization": f"Bearer {self.token}"},
            json=body if method != "GET" else None,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


def connected(clients: Clients, server: Server, project: str, person: Person) -> Client:
    return clients.open("bo", server.yjs, project, {"token": person.token}).synced()


def test_invited_by_link_joined_and_shown_as_opened(server: Server, clients: Clients) -> None:
    ada, bo = Person(server, "ada"), Person(server, "bo")
    project = ada.ask("POST", "/projects", title="Bakery")["id"]
    invited = ada.ask("POST", f"/projects/{project}/invitations", role="editor")
    assert bo.ask("POST", f"/invitations/{invited['code']}/accept")["project_id"] == project
    [shelved] = bo.ask("GET", "/projects")["items"]
    assert shelved["opened_at"] is None
    client = connected(clients, server, project, bo)
    client.append("flour")
    wait_for("the visit is noted", lambda: bo.ask("GET", "/projects")["items"][0]["opened_at"])
    [hers] = ada.ask("GET", "/projects")["items"]
    assert hers["opened_at"] is None


def test_a_change_over_rest_reaches_the_live_socket__L8(server: Server, clients: Clients) -> None:
    ada, bo = Person(server, "ada"), Person(server, "bo")
    project = ada.ask("POST", "/projects", title="Bakery")["id"]
    path = f"/projects/{project}/members"
    member = ada.ask("POST", path, email="bo@x.example", role="editor")["user_id"]
    client = connected(clients, server, project, bo)
    ada.ask("PATCH", f"{path}/{member}", role="viewer")
    within_a_second(client, "log.denied.length === 1")
    ada.ask("DELETE", f"/projects/{project}")
    within_a_second(client, "log.closed.length > 0 && !provider.wsconnected")
    assert client.log()["closed"][0] == 4404


def test_what_is_purged_is_gone_from_the_database(server: Server, clients: Clients) -> None:
    ada = Person(server, "ada")
    project = ada.ask("POST", "/projects", title="Bakery")["id"]
    client = connected(clients, server, project, ada)
    client.append("secret recipe")
    ada.ask("DELETE", f"/projects/{project}")
    ada.ask("POST", f"/projects/{project}/purge")
    assert server.json("project", "list") == []
    assert server.json("fsck") == {"problems": []}


def within_a_second(client: Client, condition: str) -> None:
    began = time.monotonic()
    client.until(condition)
    assert time.monotonic() - began < SOON_S

"""Rights that are taken away by a command, beside the running server, hold within a second."""

import time

import pytest

from tests.e2e.server import Server
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

SOON_S = 1.0


@pytest.fixture
def project(server: Server) -> str:
    server.add_user("ada@x.example")
    return server.add_project("ada@x.example")


def member(server: Server, clients: Clients, project: str, role: str) -> Client:
    token = server.add_user("bo@x.example")
    server.cli("member", "add", project, "bo@x.example", role)
    return clients.open("bo", server.yjs, project, {"token": token}).synced()


def token_id(server: Server, email: str) -> str:
    return str(server.json("token", "list", email)[0]["id"])


def within(client: Client, condition: str) -> None:
    """The condition holds soon after the command that ended a moment ago."""
    began = time.monotonic()
    client.until(condition)
    assert time.monotonic() - began < SOON_S


@pytest.mark.usefixtures("database")  # on each of them
def test_a_lowered_role_holds_on_the_live_socket__L8(
    server: Server, clients: Clients, project: str
) -> None:
    bo = member(server, clients, project, "editor")
    bo.append("while I may")
    server.cli("member", "add", project, "bo@x.example", "viewer")
    within(bo, "log.denied.length === 1")
    assert bo.run("provider.wsconnected")
    bo.append(" and now I may not")
    bo.until("log.denied.length === 2")
    assert server.json("member", "list", project)[1]["role"] == "viewer"


def test_a_raised_role_holds_on_the_live_socket__L8(
    server: Server, clients: Clients, project: str
) -> None:
    bo = member(server, clients, project, "viewer")
    server.cli("member", "add", project, "bo@x.example", "editor")
    within(bo, "log.denied.length === 1")
    watcher = clients.open("watcher", server.yjs, project, bo.run("provider.params")).synced()
    bo.append("at last")
    watcher.until("doc.getText('t').toString() === 'at last'")


def test_a_removed_member_loses_the_socket__L8(
    server: Server, clients: Clients, project: str
) -> None:
    bo = member(server, clients, project, "editor")
    server.cli("member", "remove", project, "bo@x.example")
    within(bo, "log.closed.length > 0 && !provider.wsconnected")
    assert bo.log()["closed"] == [4403]


@pytest.mark.usefixtures("database")  # on each of them
def test_a_revoked_token_loses_the_socket__L8(
    server: Server, clients: Clients, project: str
) -> None:
    bo = member(server, clients, project, "editor")
    server.cli("token", "revoke", token_id(server, "bo@x.example"))
    within(bo, "log.closed.length > 0 && !provider.wsconnected")


def test_a_disabled_user_loses_the_socket__L8(
    server: Server, clients: Clients, project: str
) -> None:
    bo = member(server, clients, project, "editor")
    server.cli("user", "disable", "bo@x.example")
    within(bo, "log.closed.length > 0 && !provider.wsconnected")


def test_a_deleted_project_closes_its_room(server: Server, clients: Clients, project: str) -> None:
    bo = member(server, clients, project, "editor")
    server.cli("project", "delete", project)
    within(bo, "log.closed.length > 0 && !provider.wsconnected")
    assert bo.log()["closed"] == [4404]

"""``8gentc token``."""

import asyncio

import pytest

from server.edge.secrets import token_digest
from server.protocol.credentials import Scope
from server.protocol.errors import NotAuthenticated, NotFound
from server.room.ports import TokenGrant
from tests.server.edge.commands.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """A store with one user."""
    made = Desk()
    made.ask("user", "add", "ada@x.org")
    return made


def grant(desk: Desk, token: str) -> TokenGrant:
    """What the server would make of this token."""
    return asyncio.run(desk.store.directory.token_grant(token_digest(token)))


def test_adding_prints_the_bare_token_and_it_opens_the_door(desk: Desk) -> None:
    printed = desk.text("token", "add", "ada@x.org")
    assert printed.startswith("8g_")
    assert printed.count("\n") == 1
    assert grant(desk, printed.strip()).user.email == "ada@x.org"


def test_a_script_gets_token_and_id(desk: Desk) -> None:
    made = desk.json("token", "add", "ada@x.org", "--label", "laptop")
    assert made["label"] == "laptop"
    assert made["expires_at"] is None
    assert grant(desk, made["token"]).token == made["id"]


def test_a_token_goes_as_far_as_it_is_made_for_L8(desk: Desk) -> None:
    made = desk.json("token", "add", "ada@x.org", "--scope", "read")
    assert (made["scope"], grant(desk, made["token"]).scope) == ("read", Scope.READ)
    assert grant(desk, desk.text("token", "add", "ada@x.org").strip()).scope is Scope.ADMIN


def test_a_token_expires_after_its_days(desk: Desk) -> None:
    made = desk.json("token", "add", "ada@x.org", "--days", "2")
    assert made["expires_at"] == "2023-11-16T22:13:20Z"
    assert grant(desk, made["token"]).user.email == "ada@x.org"
    asyncio.run(desk.clock.advance(2 * 86_400))
    with pytest.raises(NotAuthenticated):
        grant(desk, made["token"])


def test_a_list_shows_ids_and_never_a_token_L11(desk: Desk) -> None:
    made = desk.json("token", "add", "ada@x.org", "--days", "2")
    listed = desk.text("token", "list", "ada@x.org")
    assert listed == f"{made['id']}  command line  admin  until 2023-11-16T22:13:20Z\n"
    assert made["token"] not in repr(desk.ask("token", "list", "ada@x.org"))


def test_a_revoked_token_is_worth_nothing_L8(desk: Desk) -> None:
    made = desk.json("token", "add", "ada@x.org")
    assert desk.json("token", "revoke", made["id"]) == {"id": made["id"], "revoked": True}
    with pytest.raises(NotAuthenticated):
        grant(desk, made["token"])
    assert desk.json("token", "list", "ada@x.org") == []


def test_revoking_what_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask("token", "revoke", "nothing")


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "many", "3651"])
def test_odd_numbers_of_days_are_usage_errors(desk: Desk, days: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        desk.ask("token", "add", "ada@x.org", "--days", days)
    assert exit_.value.code == 2

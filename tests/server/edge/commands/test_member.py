"""``8gentc member``."""

import pytest

from server.protocol.errors import Conflict, NotFound
from tests.server.edge.commands.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """A store with two users."""
    made = Desk()
    made.ask("user", "add", "ada@x.org")
    made.ask("user", "add", "bob@x.org")
    return made


@pytest.fixture
def project(desk: Desk) -> str:
    """A project of the first."""
    return desk.text("project", "add", "Plan", "--owner", "ada@x.org").strip()


def test_somebody_is_added_and_their_role_changed(desk: Desk, project: str) -> None:
    told = desk.text("member", "add", project, "bob@x.org", "viewer")
    assert told == "bob@x.org is now viewer\n"
    assert desk.json("member", "add", project, "bob@x.org", "editor")["role"] == "editor"
    assert desk.text("member", "list", project).splitlines() == [
        "ada@x.org  ada  owner",
        "bob@x.org  bob  editor",
    ]


def test_a_removed_member_is_gone(desk: Desk, project: str) -> None:
    desk.ask("member", "add", project, "bob@x.org", "viewer")
    desk.ask("member", "remove", project, "bob@x.org")
    assert [member["email"] for member in desk.json("member", "list", project)] == ["ada@x.org"]
    with pytest.raises(NotFound):
        desk.ask("member", "remove", project, "bob@x.org")


def test_the_last_owner_stays(desk: Desk, project: str) -> None:
    with pytest.raises(Conflict):
        desk.ask("member", "remove", project, "ada@x.org")


def test_members_of_nothing_are_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask("member", "list", "nothing")


def test_an_unknown_role_is_a_usage_error(desk: Desk, project: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        desk.ask("member", "add", project, "bob@x.org", "king")
    assert exit_.value.code == 2
